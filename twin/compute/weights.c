// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CNA: weights. Their order in memory is, outermost first: output group, input
 * group, kernel row, kernel column, kernel within the output group, channel
 * within the input group. Short groups are packed without gaps [seen: client
 * programs; for int8 output groups of less than 32 kernels the rule is a guess,
 * silicon was reported to hang on some].
 *
 * The order of depthwise weights is channel group, kernel row, kernel column,
 * channel [seen: client programs]; a short group is packed without gaps too
 * [seen for a single one, otherwise a guess].
 */
#include <stdlib.h>

#include "compute_priv.h"

/* Position in the stream of weights while they are unpacked for the MAC array */
struct stream {
	const struct conv *conv;
	const uint8_t *bytes;
	size_t next;		/* next element */
	struct dense_weights *weights;
};

/* Unpack the next @count channels, to lanes from @lane on of input group and tap @part of kernel @kernel */
static void unpack_part(struct stream *stream, uint32_t lane, uint32_t count, uint32_t kernel, size_t part)
{
	const struct conv *conv = stream->conv;
	struct dense_weights *weights = stream->weights;
	size_t parts = (size_t)conv->groups * conv->taps, first = stream->next;
	uint32_t block = kernel / FLOAT_BLOCK;
	uint8_t *span = weights->span + block * parts + part, this_span;
	int16_t *ints = weights->data;
	float *floats = weights->data;
	uint64_t magnitudes;

	stream->next += count;
	if (!conv->is_float) {
		operand_unpack(conv->precision, stream->bytes, first, count,
			       ints + kernel * conv->depth + part * conv->lanes + lane, 1);
		return;
	}
	floats += (block * conv->depth + part * conv->lanes + lane) * FLOAT_BLOCK + kernel % FLOAT_BLOCK;
	magnitudes = operand_unpack(conv->precision, stream->bytes, first, count, floats, FLOAT_BLOCK);
	this_span = fp16_span(magnitudes);
	if (*span < this_span)
		*span = this_span;
}

/* Unpack one output group of @kernels kernels from @first on */
static void unpack_group(struct stream *stream, uint32_t first, uint32_t kernels)
{
	const struct conv *conv = stream->conv;

	for (uint32_t c = 0; c < conv->feature.channels; c += conv->operand->weight_lanes) {
		uint32_t count = min_u32(conv->feature.channels - c, conv->operand->weight_lanes);
		size_t group = c / conv->lanes;

		for (uint32_t tap = 0; tap < conv->taps; tap++)
			for (uint32_t k = 0; k < kernels; k++)
				unpack_part(stream, c % conv->lanes, count, first + k, group * conv->taps + tap);
	}
}

/* Unpack one group of channels to input groups, which may be smaller or larger */
static void unpack_depthwise_group(struct stream *stream, uint32_t first, uint32_t channels)
{
	const struct conv *conv = stream->conv;
	uint8_t *data = stream->weights->data;

	for (uint32_t tap = 0; tap < conv->taps; tap++)
		for (uint32_t c = first; c < first + channels; c += conv->lanes) {
			uint32_t count = min_u32(conv->lanes, first + channels - c);
			size_t part = (size_t)(c / conv->lanes) * conv->taps + tap;

			operand_unpack(conv->precision, stream->bytes, stream->next, count,
				       data + (part * conv->lanes + c % conv->lanes) * conv->operand->dense_bytes, 1);
			stream->next += count;
		}
}

/* One group: it has a part of the stream, and of the dense weights, to itself */
static void unpack_piece(void *arg, unsigned int thread, uint32_t first, uint32_t count)
{
	struct stream stream = *(const struct stream *)arg;
	const struct conv *conv = stream.conv;

	(void)thread;
	stream.next = (size_t)first * conv->taps * (conv->depthwise ? 1 : conv->feature.channels);
	if (conv->depthwise)
		unpack_depthwise_group(&stream, first, count);
	else
		unpack_group(&stream, first, count);
}

static enum twin_compute_status fetch_dense(const struct task *t, const struct conv *conv, uint8_t *dense)
{
	if (conv->compressed)
		return dcomp_fetch(t, conv, dense);
	return dma_read(t, conv->weight_addr, dense, conv->weight_bytes) ? TWIN_COMPUTE_OK
									 : TWIN_COMPUTE_FAULT;
}

enum twin_compute_status cna_fetch_weights(const struct task *t, const struct conv *conv,
					   struct dense_weights *weights)
{
	uint32_t kernels = round_up(conv->kernels, FLOAT_BLOCK);
	uint32_t all = conv->depthwise ? conv->feature.channels : conv->kernels;
	uint32_t group = conv->depthwise ? conv->operand->depthwise_group : conv->operand->kernel_group;
	struct stream stream = { .conv = conv, .weights = weights };
	enum twin_compute_status status;
	uint8_t *raw;

	weights->data = calloc(kernels * conv->depth, conv->operand->dense_bytes);
	weights->span = calloc(kernels / FLOAT_BLOCK, (size_t)conv->groups * conv->taps);
	raw = malloc(conv->weight_bytes);
	if (!weights->data || !weights->span || !raw) {
		free(raw);
		return out_of_memory(t);
	}
	status = fetch_dense(t, conv, raw);
	stream.bytes = raw;
	if (status == TWIN_COMPUTE_OK &&
	    !spread(t, (uint64_t)conv->kernels * conv->depth, all, group, unpack_piece, &stream))
		status = TWIN_COMPUTE_FAULT;
	free(raw);
	return status;
}
