/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The network on the NPU: five tasks for each picture, all of one submit.
 */
#ifndef ON_NPU_H
#define ON_NPU_H

#include "chain.h"
#include "digits.h"

#define DIGITS_LAYERS	5
/* Memory of one picture: its pixels and what each layer makes of them */
#define DIGITS_CUBES	(DIGITS_LAYERS + 1)

struct digits_npu {
	unsigned int count;		/* pictures */
	struct chain chain;
	struct npu_bo weights, data;
	size_t weight_at[3], bias_at[2];	/* in @weights */
	size_t cube_at[DIGITS_CUBES];	/* in one picture's part of @data */
	size_t picture_bytes;
};

/* Lays @net and the pictures out for the NPU and writes the stream; 0 or -errno */
int digits_npu_init(struct digits_npu *d, int fd, const struct digits_net *net, const digits_pixels *pictures,
		    unsigned int count);
void digits_npu_fini(struct digits_npu *d);
/*
 * Reads all pictures in one submit, the cores of @core_mask as many each; 0: on any one.
 * @done: the arguments as they came back, or NULL. 0 or -errno.
 */
int digits_npu_run(struct digits_npu *d, uint32_t core_mask, struct rknpu_submit *done);
/* Of the cores of @core_mask: which one reads picture @i */
unsigned int digits_npu_core(const struct digits_npu *d, uint32_t core_mask, unsigned int i);
/* What the layers made of picture @i in the last run */
void digits_npu_layers(const struct digits_npu *d, unsigned int i, struct digits_layers *out);
/*
 * Turns a high bit of one weight of layer 0 to 2 around, as a broken memory would; twice is back. It is the weight for
 * map @in of the layer before, or element @in of the last pooled cube, in map @out. 0 or -errno.
 */
int digits_npu_break(struct digits_npu *d, unsigned int layer, unsigned int in, unsigned int out);

#endif /* ON_NPU_H */
