// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: set-up of the path from the accumulator, or from memory, to memory, and
 * the order of its stages: CPEND and BS, BN, EW, output conversion.
 */
#include <stdlib.h>

#include "dpu_priv.h"

/* Values of fields */
#define OUTPUT_MEMORY		2
#define CONV_MODE_DIRECT	0
#define CONV_MODE_DEPTHWISE	3
#define MINMAX_VALUE_OF_MAX	7

/*
 * The maximum over the channels of each pixel, as softmax needs it [seen: streams of rknn-toolkit2, its
 * simulator]; programs that tried other settings got no sensible numbers [seen: rockchip-npu-notes]
 */
static enum twin_compute_status parse_reduction(const struct task *t, struct dpu *dpu)
{
	uint32_t control = reg_field(t, RKNPU_DPU_DATA_CUBE_HEIGHT, RKNPU_DPU_DATA_CUBE_HEIGHT_MINMAX);

	dpu->reduce = control == MINMAX_VALUE_OF_MAX;
	if (control && !dpu->reduce)
		return refuse(t, RKNPU_DPU_DATA_CUBE_HEIGHT, "minimum or place of channels");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status parse_mode(const struct task *t, const struct conv *conv,
					   struct dpu *dpu)
{
	uint32_t mode = reg_read(t, RKNPU_DPU_FEATURE_MODE_CFG);
	uint32_t conv_mode = field_get(RKNPU_DPU_FEATURE_MODE_CFG_CONV_MODE, mode);
	uint32_t expected = conv && conv->depthwise ? CONV_MODE_DEPTHWISE : CONV_MODE_DIRECT;

	dpu->flying = mode & RKNPU_DPU_FEATURE_MODE_CFG_FLYING;
	if (dpu->flying && conv)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "flying mode with CNA and CORE enabled");
	if (!dpu->flying && !conv)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "neither flying mode nor CNA and CORE");
	if (field_get(RKNPU_DPU_FEATURE_MODE_CFG_OUTPUT, mode) != OUTPUT_MEMORY)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "output other than memory");
	if (conv_mode != expected)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "convolution mode other than CNA's");
	return parse_reduction(t, dpu);
}

/* The DPU has no code for tf32: programs set fp32, the type of its accumulator [seen: rockchip-npu-notes] */
static uint32_t dpu_precision(const struct conv *conv)
{
	return conv->precision == RKNPU_PREC_TF32 ? RKNPU_PREC_FP32 : conv->precision;
}

/* With FP16TOFP32, DPU_RDMA treats 16-bit data as fp16 even if the task declares an integer type */
static uint32_t flying_precision(const struct task *t, uint32_t in, uint32_t proc)
{
	uint32_t mode = reg_read(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG);
	bool widened = mode & RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FP16TOFP32;

	return in == RKNPU_PREC_INT16 && proc == RKNPU_PREC_FP16 && widened ? RKNPU_PREC_FP16 : in;
}

static bool is_half(uint32_t precision)
{
	return precision == RKNPU_PREC_FP16 || precision == RKNPU_PREC_BF16;
}

/*
 * Types that a flying task may name: DPU_RDMA's fields give the type of the main
 * input, DPU's that of EW's operand, and the two 16-bit float types may be mixed
 * [seen: streams of rknn-toolkit2, its simulator].
 */
static bool flying_types_agree(uint32_t in, uint32_t proc, uint32_t rdma_in, uint32_t rdma_proc)
{
	if (is_half(in) && is_half(rdma_in))
		return in == proc && rdma_in == rdma_proc;
	return in == rdma_in && proc == rdma_proc;
}

static enum twin_compute_status parse_flying(const struct task *t, uint32_t in, struct dpu *dpu)
{
	uint32_t mode = reg_read(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG), proc = dpu->processing;
	uint32_t rdma_in = field_get(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_IN_PREC, mode);
	uint32_t rdma_proc = field_get(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_PROC_PREC, mode);

	if (!flying_types_agree(in, proc, rdma_in, rdma_proc))
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "precision differs from DPU's");
	if (!element_init(&dpu->main, flying_precision(t, rdma_in, rdma_proc)))
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "input of this precision from memory");
	dpu->is_float = element_is_float(&dpu->main);
	/* fp32 in memory may be processed like fp16 [seen: client programs], or as fp32 */
	if (rdma_in == RKNPU_PREC_FP32 && rdma_proc == RKNPU_PREC_FP16)
		return TWIN_COMPUTE_OK;
	if (!dpu->raw && dpu->main.precision != rdma_proc)
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "input and processing precision differ");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status parse_main(const struct task *t, const struct conv *conv,
					   struct dpu *dpu)
{
	uint32_t format = reg_read(t, RKNPU_DPU_DATA_FORMAT);
	uint32_t in = field_get(RKNPU_DPU_DATA_FORMAT_IN_PREC, format);

	dpu->processing = field_get(RKNPU_DPU_DATA_FORMAT_PROC_PREC, format);
	if (!conv)
		return parse_flying(t, in, dpu);
	dpu->is_float = conv->is_float;
	if (in != dpu_precision(conv) || dpu->processing != in)
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "precision differs from CNA's");
	return TWIN_COMPUTE_OK;
}

static bool stage_passes(uint32_t cfg)
{
	return !cfg || cfg & RKNPU_DPU_STAGE_CFG_BYPASS;
}

/* Returns true if no stage does anything and no type is converted */
static bool is_raw(const struct task *t, const struct conv *conv, bool reduce)
{
	uint32_t format = reg_read(t, RKNPU_DPU_DATA_FORMAT), scale = reg_read(t, RKNPU_DPU_OUT_CVT_SCALE);
	uint32_t in = field_get(RKNPU_DPU_DATA_FORMAT_IN_PREC, format);
	uint32_t out = field_get(RKNPU_DPU_DATA_FORMAT_OUT_PREC, format);
	uint32_t proc = field_get(RKNPU_DPU_DATA_FORMAT_PROC_PREC, format);

	return !conv && !reduce && stage_passes(reg_read(t, RKNPU_DPU_BS_CFG)) &&
	       stage_passes(reg_read(t, RKNPU_DPU_BN_CFG)) &&
	       reg_read(t, RKNPU_DPU_EW_CFG) & RKNPU_DPU_EW_CFG_BYPASS && scale <= 1 &&
	       !reg_read(t, RKNPU_DPU_OUT_CVT_OFFSET) &&
	       !reg_field(t, RKNPU_DPU_OUT_CVT_SHIFT, RKNPU_DPU_OUT_CVT_SHIFT_SHIFT) &&
	       !reg_field(t, RKNPU_DPU_OUT_CVT_SHIFT, RKNPU_DPU_OUT_CVT_SHIFT_MINUS_EXP) &&
	       !(reg_read(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG) & RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FP16TOFP32) &&
	       (in == out || (in == RKNPU_PREC_INT16 && proc == out));
}

static enum twin_compute_status parse_format(const struct task *t, struct dpu *dpu)
{
	uint32_t format = reg_read(t, RKNPU_DPU_DATA_FORMAT);
	uint32_t out = field_get(RKNPU_DPU_DATA_FORMAT_OUT_PREC, format);
	uint32_t in = field_get(RKNPU_DPU_DATA_FORMAT_IN_PREC, format);
	bool to_half = reg_read(t, RKNPU_DPU_OUT_CVT_SCALE) & RKNPU_DPU_OUT_CVT_SCALE_FP32TOFP16;

	/* fp16 data declared as int16 on both sides */
	if (dpu->is_float && out == RKNPU_PREC_INT16 && in == out && to_half)
		out = RKNPU_PREC_FP16;
	if (!element_init(&dpu->out, out))
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "output of this precision");
	if (dpu->reduce && !dpu->is_float)
		return refuse(t, RKNPU_DPU_DATA_CUBE_HEIGHT, "maximum of integer channels");
	if (dpu->is_float && !element_is_float(&dpu->out) && out != RKNPU_PREC_INT8)
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "wide integer output of float values");
	if (!dpu->is_float && out == RKNPU_PREC_BF16)
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "bf16 output of integers");
	if (format & RKNPU_DPU_DATA_FORMAT_MC_SURF_OUT)
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "serialized surfaces");
	return TWIN_COMPUTE_OK;
}

static bool field_fits(uint32_t field, uint32_t size)
{
	return !field || field + 1 == size;
}

/*
 * The input decides: CORE's output, or what DPU_RDMA reads. DPU's own sizes
 * repeat its size or stay 0; in a flying task they may also be those of the cube
 * that the output is part of [seen: client programs, streams of rknn-toolkit2].
 */
static enum twin_compute_status parse_size(const struct task *t, const struct conv *conv,
					   struct dpu *dpu)
{
	struct cube *cube = &dpu->cube;
	uint32_t channels = reg_field(t, RKNPU_DPU_DATA_CUBE_CHANNEL, RKNPU_DPU_DATA_CUBE_CHANNEL_PADDED);

	if (dpu->flying) {
		*cube = dpu->rdma.cube;
		if ((uint64_t)cube->width * cube->height * round_up(cube->channels, 16) *
		    sizeof(int32_t) > MAX_OPERAND_BYTES)
			return refuse(t, RKNPU_DPU_RDMA_DATA_CUBE_WIDTH, "cube beyond the model's memory bound");
		return TWIN_COMPUTE_OK;
	}
	cube->width = conv->out_width;
	cube->height = conv->out_height;
	cube->channels = conv->out_channels;
	if (!field_fits(reg_field(t, RKNPU_DPU_DATA_CUBE_WIDTH, RKNPU_DPU_DATA_CUBE_WIDTH_MASK), cube->width))
		return refuse(t, RKNPU_DPU_DATA_CUBE_WIDTH, "width differs from CORE's");
	if (!field_fits(reg_field(t, RKNPU_DPU_DATA_CUBE_HEIGHT, RKNPU_DPU_DATA_CUBE_HEIGHT_MASK), cube->height))
		return refuse(t, RKNPU_DPU_DATA_CUBE_HEIGHT, "height differs from CORE's");
	if (!field_fits(channels, cube->channels))
		return refuse(t, RKNPU_DPU_DATA_CUBE_CHANNEL, "channels differ from CORE's");
	return TWIN_COMPUTE_OK;
}

/* Each step relies on the results of the previous ones */
enum twin_compute_status dpu_parse(const struct task *t, const struct conv *conv, uint32_t enable,
				   struct dpu *dpu)
{
	enum twin_compute_status status;

	memset(dpu, 0, sizeof(*dpu));
	status = parse_mode(t, conv, dpu);
	dpu->raw = is_raw(t, conv, dpu->reduce);
	if (status == TWIN_COMPUTE_OK)
		status = parse_main(t, conv, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = parse_format(t, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = stages_parse(t, conv, enable, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = ew_parse(t, enable, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = out_cvt_parse(t, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = rdma_parse(t, enable, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = parse_size(t, conv, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = wdma_parse(t, dpu);
	if (status == TWIN_COMPUTE_OK)
		rdma_parse_ew(t, dpu);
	return status;
}

/* All bytes that DMA moves, without per-channel operands */
uint64_t dpu_memory_bytes(const struct dpu *dpu)
{
	uint64_t pixels = (uint64_t)dpu->cube.width * dpu->cube.height, values = pixels * dpu->cube.channels;
	uint32_t kept = min_u32(dpu->cube.channels, dpu->wdma.kept_atoms * dpu->out.per_atom);
	uint64_t bytes = (dpu->raw ? values * dpu->main.bytes : pixels * kept * dpu->out.bytes) *
			 dpu->rdma.copies_x * dpu->rdma.copies_y;

	if (dpu->flying)
		bytes += values * dpu->main.bytes;
	if (dpu->ew.memory)
		bytes += values * dpu->ew.operand.bytes;
	return bytes;
}

static void reduce(struct accumulator *acc)
{
	for (uint32_t p = 0; p < acc->pixels; p++) {
		float *x = acc->f + (size_t)p * acc->pitch;

		for (uint32_t c = 1; c < acc->channels; c++)
			x[0] = x[c] > x[0] ? x[c] : x[0];
	}
	acc->channels = 1;
}

/* The output conversion while it runs */
struct conversion {
	const struct dpu *dpu;
	const struct accumulator *acc;
	struct image *image;
	uint8_t *rows;			/* the atoms of a pixel for each thread */
};

static void convert_piece(void *arg, unsigned int thread, uint32_t first, uint32_t count)
{
	const struct conversion *c = arg;
	const struct image *image = c->image;
	uint32_t atom_bytes = c->dpu->out.per_atom * c->dpu->out.bytes;
	uint8_t *row = c->rows + (size_t)thread * image->atoms * ATOM_BYTES;

	for (uint32_t p = first; p < first + count; p++) {
		out_cvt_run(c->dpu, c->acc, (size_t)p * c->acc->pitch, c->acc->channels, row);
		for (uint32_t a = 0; a < image->atoms; a++)
			memcpy(image->bytes + ((size_t)a * image->pixels + p) * ATOM_BYTES, row + a * atom_bytes,
			       ATOM_BYTES);
	}
}

/* Convert values to atoms; elements of an atom beyond the last channel are 0 */
static enum twin_compute_status convert(const struct task *t, const struct dpu *dpu,
					const struct accumulator *acc, struct image *image)
{
	struct conversion c = { .dpu = dpu, .acc = acc, .image = image };
	enum twin_compute_status status;

	image->pixels = acc->pixels;
	image->atoms = cube_atoms(&dpu->out, acc->channels);
	image->bytes = malloc((size_t)image->atoms * acc->pixels * ATOM_BYTES);
	c.rows = calloc((size_t)cube_threads(t, acc) * image->atoms, ATOM_BYTES);
	if (image->bytes && c.rows)
		status = cube_spread(t, acc, convert_piece, &c);
	else
		status = out_of_memory(t);
	free(c.rows);
	return status;
}

static enum twin_compute_status calculate(const struct task *t, const struct dpu *dpu,
					  struct accumulator *acc, struct image *image)
{
	enum twin_compute_status status = TWIN_COMPUTE_OK;

	if (dpu->flying)
		status = rdma_fetch_main(t, dpu, acc);
	if (status == TWIN_COMPUTE_OK)
		status = stages_run(t, dpu, acc);
	if (status == TWIN_COMPUTE_OK)
		status = ew_run(t, dpu, acc);
	if (status == TWIN_COMPUTE_OK && dpu->reduce)
		reduce(acc);
	if (status == TWIN_COMPUTE_OK)
		status = convert(t, dpu, acc, image);
	return status;
}

/*
 * Elements of the last atom that belong to no channel get a value, so a task
 * that reads them finds its zero point [seen: streams of rknn-toolkit2, its
 * simulator]. How the 16-bit value is widened is not known, so elements wider
 * than that are left alone.
 */
static void fill_channels(const struct dpu *dpu, struct image *image)
{
	const struct wdma *w = &dpu->wdma;
	uint32_t bytes = dpu->out.bytes;
	uint8_t *atom;

	if (!w->kept_bytes || w->kept_atoms > image->atoms || bytes > sizeof(uint16_t))
		return;
	atom = image->bytes + (size_t)(w->kept_atoms - 1) * image->pixels * ATOM_BYTES;
	for (uint32_t p = 0; p < image->pixels; p++, atom += ATOM_BYTES)
		for (uint32_t at = w->kept_bytes; at < ATOM_BYTES; at += bytes)
			store_le(atom + at, w->fill, bytes);
}

/**
 * dpu_run() - process the accumulator and write the result to memory
 * @acc: CORE's output; for a flying task: empty, filled here, to be freed by the caller
 *
 * All input is read before the first byte is written.
 */
enum twin_compute_status dpu_run(const struct task *t, const struct dpu *dpu,
				 struct accumulator *acc)
{
	struct image image = { 0 };
	enum twin_compute_status status = dpu->raw ? rdma_fetch_raw(t, dpu, &image)
						   : calculate(t, dpu, acc, &image);

	if (status == TWIN_COMPUTE_OK) {
		fill_channels(dpu, &image);
		status = wdma_write(t, dpu, &image);
	}
	free(image.bytes);
	return status;
}
