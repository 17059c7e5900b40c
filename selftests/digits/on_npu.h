/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The network on the NPU: five tasks for each picture, all in one submit.
 */
#ifndef ON_NPU_H
#define ON_NPU_H

#include "chain.h"
#include "digits.h"

#define DIGITS_LAYERS	5
/* Memory of one picture: its pixels and the output of each layer */
#define DIGITS_CUBES	(DIGITS_LAYERS + 1)

struct digits_npu {
	unsigned int count;		/* number of pictures */
	struct chain chain;
	struct npu_bo weights, data;
	size_t weight_at[3], bias_at[2];	/* in @weights */
	size_t cube_at[DIGITS_CUBES];	/* in one picture's part of @data */
	size_t picture_bytes;
};

/* Converts @net and the pictures to the NPU's layout and writes the stream; returns 0 or -errno */
int digits_npu_init(struct digits_npu *d, int fd, const struct digits_net *net, const digits_pixels *pictures,
		    unsigned int count);
void digits_npu_fini(struct digits_npu *d);
/*
 * Reads all pictures in one submit, divided equally among the cores of @core_mask; 0: on any
 * one core. @done receives the arguments after the submit, unless NULL. Returns 0 or -errno.
 */
int digits_npu_run(struct digits_npu *d, uint32_t core_mask, struct rknpu_submit *done);
/* The core of @core_mask that reads picture @i */
unsigned int digits_npu_core(const struct digits_npu *d, uint32_t core_mask, unsigned int i);
/* Output of the layers for picture @i in the last run */
void digits_npu_layers(const struct digits_npu *d, unsigned int i, struct digits_layers *out);
/*
 * Flips a high bit of one weight of layer 0 to 2, as defective memory would; a second call restores it. It is the
 * weight for map @in of the previous layer, or element @in of the last pooled cube, in map @out. Returns 0 or -errno.
 */
int digits_npu_break(struct digits_npu *d, unsigned int layer, unsigned int in, unsigned int out);

#endif /* ON_NPU_H */
