/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * One compiled network with its inputs and with what must come out.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rknn.h"

#define NETWORK_TENSORS	512	/* with every layer an output */

struct network_data {
	void *data;
	size_t bytes;
};

struct network {
	const char *name;
	bool deep;			/* judged by similarity */
	struct network_data layers;	/* names of the layers that give the outputs, if all do: a line for each */
	struct network_data model;
	struct network_data in[NETWORK_TENSORS], sim[NETWORK_TENSORS], ort[NETWORK_TENSORS];
	struct network_data tab[NETWORK_TENSORS];	/* with the compiler's tables, if they end short; else nothing */
	unsigned int inputs, outputs;
};

/* From the directory of that name; ends the case if it is not whole */
void network_load(struct network *net, const char *name);

/* Why the compiler refused it, or NULL */
const char *network_not_compiled(const char *name);

/* 0 or the runtime's error; the outputs, as floats, are to be given back with rknn_outputs_release() */
int network_inputs_set(const struct network *net, rknn_context ctx);
int network_outputs_get(const struct network *net, rknn_context ctx, struct rknn_output *out);

/* Whether the outputs are right; says what is not, as failures of the case */
bool network_judge(const struct network *net, rknn_context ctx, const struct rknn_output *out);

/* All of it once more in an existing context: 0, the runtime's error, or 1 for a wrong result */
int network_run(const struct network *net, rknn_context ctx);

/* A case for each directory of /networks, named after it */
void network_cases(void (*run)(void), unsigned int limit_s);

#endif /* NETWORK_H */
