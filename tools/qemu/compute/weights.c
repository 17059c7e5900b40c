// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CNA: weights of a direct convolution. Memory holds, outermost first, output
 * group, input group, kernel row, kernel column, kernel within the output
 * group, channel within the input group; short groups are packed tight
 * [seen: client programs; for int8 output groups of less than 32 kernels the
 * rule is a guess, silicon was reported to hang on some].
 */
#include <stdlib.h>

#include "compute_priv.h"

#define OUTPUT_GROUP_INT8	32
#define OUTPUT_GROUP_FP16	16

static void unpack_int8(const uint8_t *from, uint32_t count, int16_t *to)
{
	for (uint32_t i = 0; i < count; i++)
		to[i] = (int8_t)from[i];
}

static uint64_t unpack_fp16(const uint8_t *from, uint32_t count, float *to)
{
	uint64_t magnitudes = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint16_t bits = from[2 * i] | from[2 * i + 1] << 8;

		magnitudes |= fp16_magnitude(bits);
		to[i * FP16_BLOCK] = fp16_to_float(bits);
	}
	return magnitudes;
}

/* The weights on their way from memory to where the MAC array wants them */
struct stream {
	const struct conv *conv;
	const uint8_t *next;
	struct dense_weights *weights;
};

/* The next @count channels: those of input group and tap @part of kernel @kernel */
static void unpack_part(struct stream *stream, uint32_t count, uint32_t kernel, size_t part)
{
	const struct conv *conv = stream->conv;
	struct dense_weights *weights = stream->weights;
	size_t parts = (size_t)conv->groups * conv->taps;
	const uint8_t *from = stream->next;
	size_t block, place;
	uint8_t span;

	stream->next += count * conv->element_bytes;
	if (conv->precision == RKNPU_PREC_INT8) {
		unpack_int8(from, count,
			    (int16_t *)weights->data + kernel * conv->depth + part * LANES);
		return;
	}
	block = kernel / FP16_BLOCK;
	place = (block * conv->depth + part * LANES) * FP16_BLOCK + kernel % FP16_BLOCK;
	span = fp16_span(unpack_fp16(from, count, (float *)weights->data + place));
	if (weights->span[block * parts + part] < span)
		weights->span[block * parts + part] = span;
}

/* One output group of @kernels kernels from @first on */
static void unpack_group(struct stream *stream, uint32_t first, uint32_t kernels)
{
	const struct conv *conv = stream->conv;

	for (uint32_t group = 0; group < conv->groups; group++) {
		uint32_t left = conv->feature.channels - group * LANES;
		uint32_t count = left < LANES ? left : LANES;

		for (uint32_t tap = 0; tap < conv->taps; tap++)
			for (uint32_t k = 0; k < kernels; k++)
				unpack_part(stream, count, first + k,
					    (size_t)group * conv->taps + tap);
	}
}

static void unpack_all(const struct conv *conv, const uint8_t *from, struct dense_weights *weights)
{
	struct stream stream = { .conv = conv, .next = from, .weights = weights };
	uint32_t size = conv->precision == RKNPU_PREC_INT8 ? OUTPUT_GROUP_INT8 : OUTPUT_GROUP_FP16;

	for (uint32_t first = 0; first < conv->kernels; first += size) {
		uint32_t left = conv->kernels - first;

		unpack_group(&stream, first, left < size ? left : size);
	}
}

enum twin_compute_status cna_fetch_weights(const struct task *t, const struct conv *conv,
					   struct dense_weights *weights)
{
	uint32_t kernels = round_up(conv->kernels, FP16_BLOCK);
	enum twin_compute_status status = TWIN_COMPUTE_OK;
	uint8_t *raw;

	weights->data = calloc(kernels * conv->depth, conv->element_bytes * 2);
	weights->span = calloc(kernels / FP16_BLOCK, (size_t)conv->groups * conv->taps);
	raw = malloc(conv->weight_bytes);
	if (!weights->data || !weights->span || !raw)
		status = out_of_memory(t);
	else if (!dma_read(t, conv->weight_addr, raw, conv->weight_bytes))
		status = TWIN_COMPUTE_FAULT;
	else
		unpack_all(conv, raw, weights);
	free(raw);
	return status;
}
