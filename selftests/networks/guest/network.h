/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * One compiled network with its inputs and expected outputs.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rknn.h"

#define NETWORK_TENSORS	512	/* maximum, if every layer is an output */

struct network_data {
	void *data;
	size_t bytes;
};

struct network {
	const char *name;
	bool deep;			/* judged by similarity */
	struct network_data layers;	/* names of the layers of the outputs, if all layers are: a line for each */
	struct network_data model;
	struct network_data in[NETWORK_TENSORS], sim[NETWORK_TENSORS], ort[NETWORK_TENSORS];
	struct network_data tab[NETWORK_TENSORS];	/* computed with the compiler's tables if these are too short; or empty */
	unsigned int inputs, outputs;
};

/* Loads it from the directory of that name; ends the case if it is not complete */
void network_load(struct network *net, const char *name);

/* Returns the reason why the compiler refused it, or NULL */
const char *network_not_compiled(const char *name);

/* Return 0 or the runtime's error; the outputs, as floats, must be released with rknn_outputs_release() */
int network_inputs_set(const struct network *net, rknn_context ctx);
int network_outputs_get(const struct network *net, rknn_context ctx, struct rknn_output *out);

/* Returns true if the outputs are right; otherwise reports failures of the case */
bool network_judge(const struct network *net, rknn_context ctx, const struct rknn_output *out);

/* Runs it again in an existing context; returns 0, the runtime's error, or 1 for a wrong result */
int network_run(const struct network *net, rknn_context ctx);

/* Adds a case for each directory of /networks, named after it */
void network_cases(void (*run)(void), unsigned int limit_s);

#endif /* NETWORK_H */
