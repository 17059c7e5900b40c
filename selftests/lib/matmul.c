// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Layouts: features are NC1HWC2 with one column per row of A, weights are groups
 * of 32 (int8) or 16 (fp16) kernels by 32 channels without gaps, results are
 * NC1HWC2 in atoms of four or eight elements.
 */
#include "matmul.h"
#include "fp16.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIV_UP(a, b)	(((a) + (b) - 1) / (b))
#define SPOILED		0xa5

/* Maximum number of on-chip buffer banks for features; weights are streamed through the rest */
#define FEATURE_BANKS_MAX	(RKNPU_CNA_CBUF_BANKS - 1)
/* Fields without a mask in the register header: burst lengths, DMA sizes, conversion scale */
#define CNA_DMA_BURSTS		0x000f000f
#define CNA_DMA_WIDTH_SHIFT	16
#define CNA_CVT_SCALE_1		0x00010000
#define CNA_DCOMP_REGNUM_INT8	0x55555555
#define DPU_BURST		15
#define DPU_OUTPUT_MEMORY	2

static const struct format {
	const char *name;
	unsigned int in_bytes, out_bytes;
	unsigned int in_prec, out_prec;
	unsigned int kernel_group;
	unsigned int size_e;
} formats[] = {
	[MATMUL_INT8_INT32] = { "int8->int32", 1, 4, RKNPU_PREC_INT8, RKNPU_PREC_INT32, 32, 7 },
	[MATMUL_FP16_FP32] = { "fp16->fp32", 2, 4, RKNPU_PREC_FP16, RKNPU_PREC_FP32, 16, 3 },
	[MATMUL_FP16_FP16] = { "fp16->fp16", 2, 2, RKNPU_PREC_FP16, RKNPU_PREC_FP16, 16, 1 },
};

#define CHANNEL_GROUP	32

const char *matmul_type_name(enum matmul_type type)
{
	return formats[type].name;
}

static void cna_words(struct regcmd *rc, const struct matmul_task *t, const struct format *f)
{
	uint32_t kernel_bytes = t->k * f->in_bytes;
	uint32_t banks = DIV_UP(t->rows * kernel_bytes, RKNPU_CNA_CBUF_BANK_BYTES);
	unsigned int lane;

	regcmd_write(rc, RKNPU_CNA_CBUF_CON0,
		     REG_FIELD(RKNPU_CNA_CBUF_CON0_DATA_BANK, banks) |
		     REG_FIELD(RKNPU_CNA_CBUF_CON0_WEIGHT_BANK, RKNPU_CNA_CBUF_BANKS - banks));
	regcmd_write(rc, RKNPU_CNA_CONV_CON1,
		     REG_FIELD(RKNPU_CNA_CONV_CON1_IN_PREC, f->in_prec) |
		     REG_FIELD(RKNPU_CNA_CONV_CON1_PROC_PREC, f->in_prec));
	regcmd_write(rc, RKNPU_CNA_CONV_CON2, REG_FIELD(RKNPU_CNA_CONV_CON2_FEATURE_GRAINS, t->rows + 1));
	regcmd_write(rc, RKNPU_CNA_CONV_CON3,
		     REG_FIELD(RKNPU_CNA_CONV_CON3_X_STRIDE, 1) | REG_FIELD(RKNPU_CNA_CONV_CON3_Y_STRIDE, 1));
	regcmd_write(rc, RKNPU_CNA_DATA_SIZE0,
		     REG_FIELD(RKNPU_CNA_DATA_SIZE0_WIDTH, 1) | REG_FIELD(RKNPU_CNA_DATA_SIZE0_HEIGHT, t->rows));
	regcmd_write(rc, RKNPU_CNA_DATA_SIZE1,
		     REG_FIELD(RKNPU_CNA_DATA_SIZE1_CHANNEL_REAL, t->k - 1) |
		     REG_FIELD(RKNPU_CNA_DATA_SIZE1_CHANNEL, t->k));
	regcmd_write(rc, RKNPU_CNA_DATA_SIZE2, REG_FIELD(RKNPU_CNA_DATA_SIZE2_OUT_WIDTH, 1));
	regcmd_write(rc, RKNPU_CNA_DATA_SIZE3, REG_FIELD(RKNPU_CNA_DATA_SIZE3_OUT_ATOMICS, t->rows));
	regcmd_write(rc, RKNPU_CNA_WEIGHT_SIZE0, kernel_bytes * t->n);
	regcmd_write(rc, RKNPU_CNA_WEIGHT_SIZE1, REG_FIELD(RKNPU_CNA_WEIGHT_SIZE1_BYTES_PER_KERNEL, kernel_bytes));
	regcmd_write(rc, RKNPU_CNA_WEIGHT_SIZE2,
		     REG_FIELD(RKNPU_CNA_WEIGHT_SIZE2_WIDTH, 1) | REG_FIELD(RKNPU_CNA_WEIGHT_SIZE2_HEIGHT, 1) |
		     REG_FIELD(RKNPU_CNA_WEIGHT_SIZE2_KERNELS, t->n));
	regcmd_write(rc, RKNPU_CNA_CBUF_CON1, DIV_UP(t->k, CHANNEL_GROUP));
	regcmd_write(rc, RKNPU_CNA_CVT_CON0,
		     RKNPU_CNA_CVT_CON0_BYPASS | RKNPU_CNA_CVT_CON0_TYPE | RKNPU_CNA_CVT_CON0_DATA_SIGN);
	for (lane = 0; lane < 4; lane++)
		regcmd_write(rc, RKNPU_CNA_CVT_CON1 + 4 * lane, CNA_CVT_SCALE_1);
	regcmd_write(rc, RKNPU_CNA_PAD_CON0, 0);
	regcmd_write(rc, RKNPU_CNA_FEATURE_DATA_ADDR, t->in + t->row0 * RKNPU_ATOM_BYTES);
	regcmd_write(rc, RKNPU_CNA_DMA_CON0, CNA_DMA_BURSTS);
	/* Lines form groups of four; the surface stride counts from the end of the first group */
	regcmd_write(rc, RKNPU_CNA_DMA_CON1, 4);
	regcmd_write(rc, RKNPU_CNA_DMA_CON2, REG_FIELD(RKNPU_CNA_DMA_CON2_SURF_STRIDE, t->m - 4));
	regcmd_write(rc, RKNPU_CNA_FC_DATA_SIZE0, 1u << CNA_DMA_WIDTH_SHIFT | t->rows);
	regcmd_write(rc, RKNPU_CNA_FC_DATA_SIZE1, t->k);
	regcmd_write(rc, RKNPU_CNA_DCOMP_CTRL, REG_FIELD(RKNPU_CNA_DCOMP_CTRL_MODE, !!t->lanes));
	regcmd_write(rc, RKNPU_CNA_DCOMP_REGNUM, t->lanes ? CNA_DCOMP_REGNUM_INT8 : 0);
	regcmd_write(rc, RKNPU_CNA_DCOMP_ADDR0, t->weights);
	for (lane = 0; t->lanes && lane < MATMUL_LANES; lane++)
		regcmd_write(rc, RKNPU_CNA_DCOMP_AMOUNT0 + 4 * lane, t->lanes[lane]);
	regcmd_write(rc, RKNPU_CNA_CVT_CON5, 0);
	regcmd_write(rc, RKNPU_CNA_PAD_CON1, 0);
}

static void core_words(struct regcmd *rc, const struct matmul_task *t, const struct format *f)
{
	regcmd_write(rc, RKNPU_CORE_MISC_CFG,
		     RKNPU_CORE_MISC_CFG_QD_EN | REG_FIELD(RKNPU_CORE_MISC_CFG_PROC_PREC, f->in_prec));
	regcmd_write(rc, RKNPU_CORE_DATAOUT_SIZE0,
		     REG_FIELD(RKNPU_CORE_DATAOUT_SIZE0_HEIGHT, t->rows - 1) |
		     REG_FIELD(RKNPU_CORE_DATAOUT_SIZE0_WIDTH, 0));
	regcmd_write(rc, RKNPU_CORE_DATAOUT_SIZE1, REG_FIELD(RKNPU_CORE_DATAOUT_SIZE1_CHANNEL, t->n - 1));
	regcmd_write(rc, RKNPU_CORE_CLIP_TRUNCATE, 0);
	regcmd_write(rc, RKNPU_CORE_UNNAMED_3030, 0);
}

static void dpu_words(struct regcmd *rc, const struct matmul_task *t, const struct format *f)
{
	regcmd_write(rc, RKNPU_DPU_FEATURE_MODE_CFG,
		     REG_FIELD(RKNPU_DPU_FEATURE_MODE_CFG_BURST, DPU_BURST) |
		     REG_FIELD(RKNPU_DPU_FEATURE_MODE_CFG_OUTPUT, DPU_OUTPUT_MEMORY));
	regcmd_write(rc, RKNPU_DPU_DATA_FORMAT,
		     REG_FIELD(RKNPU_DPU_DATA_FORMAT_OUT_PREC, f->out_prec) |
		     REG_FIELD(RKNPU_DPU_DATA_FORMAT_IN_PREC, f->in_prec) |
		     REG_FIELD(RKNPU_DPU_DATA_FORMAT_PROC_PREC, f->in_prec));
	regcmd_write(rc, RKNPU_DPU_DST_BASE_ADDR, t->out + t->row0 * RKNPU_ATOM_BYTES);
	regcmd_write(rc, RKNPU_DPU_DST_SURF_STRIDE, REG_FIELD(RKNPU_DPU_DST_SURF_STRIDE_MASK, t->m));
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_WIDTH, 0);
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_HEIGHT, t->rows - 1);
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_NOTCH, 0);
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_CHANNEL,
		     REG_FIELD(RKNPU_DPU_DATA_CUBE_CHANNEL_ORIG, t->n - 1) |
		     REG_FIELD(RKNPU_DPU_DATA_CUBE_CHANNEL_PADDED, t->n - 1));
	regcmd_write(rc, RKNPU_DPU_BS_CFG, REGCMD_STAGE_BYPASS);
	regcmd_write(rc, RKNPU_DPU_BS_ALU_CFG, 0);
	regcmd_write(rc, RKNPU_DPU_BS_MUL_CFG, 0);
	regcmd_write(rc, RKNPU_DPU_BS_RELUX_CMP, 0);
	regcmd_write(rc, RKNPU_DPU_BS_OW_CFG,
		     REG_FIELD(RKNPU_DPU_BS_OW_CFG_SIZE_E_0, f->size_e) |
		     REG_FIELD(RKNPU_DPU_BS_OW_CFG_SIZE_E_1, f->size_e) |
		     REG_FIELD(RKNPU_DPU_BS_OW_CFG_SIZE_E_2, f->size_e) | RKNPU_DPU_BS_OW_CFG_OD_BYPASS);
	regcmd_write(rc, RKNPU_DPU_BS_OW_OP, 0);
	regcmd_write(rc, RKNPU_DPU_WDMA_SIZE0, REG_FIELD(RKNPU_DPU_WDMA_SIZE0_CHANNEL, t->n - 1));
	regcmd_write(rc, RKNPU_DPU_WDMA_SIZE1, REG_FIELD(RKNPU_DPU_WDMA_SIZE1_HEIGHT, t->rows - 1));
	regcmd_dpu_pass_bn_ew(rc);
	regcmd_write(rc, RKNPU_DPU_OUT_CVT_OFFSET, 0);
	regcmd_write(rc, RKNPU_DPU_OUT_CVT_SCALE,
		     REG_FIELD(RKNPU_DPU_OUT_CVT_SCALE_SCALE, 1) |
		     (f->out_prec == RKNPU_PREC_FP16 ? RKNPU_DPU_OUT_CVT_SCALE_FP32TOFP16 : 0));
	regcmd_write(rc, RKNPU_DPU_OUT_CVT_SHIFT, 0);
	regcmd_write(rc, RKNPU_DPU_SURFACE_ADD, REG_FIELD(RKNPU_DPU_SURFACE_ADD_MASK, t->m * (f->size_e + 1)));
	regcmd_write(rc, RKNPU_DPU_UNNAMED_40C4, 0);
}

void matmul_segment(struct regcmd *rc, const struct matmul_task *t)
{
	const struct format *f = &formats[t->type];

	regcmd_write(rc, RKNPU_DPU_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	if (soc_get()->single) {
		regcmd_write(rc, RKNPU_CNA_S_POINTER, RKNPU_S_POINTER_PINGPONG);
		regcmd_word(rc, RKNPU_REGCMD(RKNPU_TARGET_RK356X_2000, SOC_S_POINTER_2000, RKNPU_S_POINTER_PINGPONG));
		regcmd_write(rc, RKNPU_CORE_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	}
	cna_words(rc, t, f);
	core_words(rc, t, f);
	dpu_words(rc, t, f);
}

/* xorshift32, to have the same data on every machine */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/*
 * fp16 values: multiples of 1/8 up to 15/8, whose sums of products are exact in
 * fp32; or any mantissa with an exponent for which 32 products are exact in double.
 */
static uint16_t random_element(const struct matmul *mm, uint32_t *state)
{
	uint32_t r = next_random(state) >> 8;

	if (mm->type == MATMUL_INT8_INT32)
		return (int8_t)r;
	if (mm->data == MATMUL_ROUNDING)
		return (r & 0x83ff) | (12 + (r >> 16) % 4) << 10;
	return fp16_from_fp32(((int)(r % 31) - 15) / 8.0f);
}

static void put_element(const struct format *f, void *base, size_t index, uint16_t v)
{
	if (f->in_bytes == 1)
		((uint8_t *)base)[index] = v;
	else
		((uint16_t *)base)[index] = v;
}

static void pack_features(const struct matmul *mm, const struct format *f)
{
	unsigned int lanes = RKNPU_ATOM_BYTES / f->in_bytes, row, c;

	for (row = 0; row < mm->m; row++)
		for (c = 0; c < mm->k; c++)
			put_element(f, mm->in.map, ((size_t)c / lanes * mm->m + row) * lanes + c % lanes,
				    mm->a[(size_t)row * mm->k + c]);
}

void matmul_pack_weights(const struct matmul *mm)
{
	const struct format *f = &formats[mm->type];
	unsigned int n0, c0, n, c, kernels, channels;
	size_t at = 0;

	for (n0 = 0; n0 < mm->n; n0 += f->kernel_group) {
		kernels = mm->n - n0 < f->kernel_group ? mm->n - n0 : f->kernel_group;
		for (c0 = 0; c0 < mm->k; c0 += CHANNEL_GROUP) {
			channels = mm->k - c0 < CHANNEL_GROUP ? mm->k - c0 : CHANNEL_GROUP;
			for (n = n0; n < n0 + kernels; n++)
				for (c = c0; c < c0 + channels; c++)
					put_element(f, mm->weights.map, at++, mm->b[(size_t)n * mm->k + c]);
		}
	}
}

static unsigned int tile_that_fits(const struct matmul *mm, const struct format *f)
{
	unsigned int rows = FEATURE_BANKS_MAX * RKNPU_CNA_CBUF_BANK_BYTES / (mm->k * f->in_bytes);

	/* Whole groups of four lines, so every tile starts with a group */
	return rows >= mm->m ? mm->m : rows & ~3u;
}

static void write_stream(struct matmul *mm)
{
	struct regcmd rc = { .words = mm->cmd.map };
	struct rknpu_task *task = mm->task.map;
	unsigned int i;

	for (i = 0; i < mm->tasks; i++) {
		struct matmul_task t = {
			.type = mm->type, .m = mm->m, .k = mm->k, .n = mm->n, .row0 = i * mm->tile,
			.rows = mm->m - i * mm->tile < mm->tile ? mm->m - i * mm->tile : mm->tile,
			.in = mm->in.iova, .weights = mm->weights.iova, .out = mm->out.iova,
			.lanes = mm->compressed ? mm->lanes : NULL,
		};
		uint64_t next = i + 1 < mm->tasks ? mm->cmd.iova + (i + 1) * mm->stride_bytes : 0;

		rc.count = i * mm->stride_bytes / sizeof(uint64_t);
		rc.max = rc.count + mm->stride_bytes / sizeof(uint64_t);
		matmul_segment(&rc, &t);
		regcmd_tail(&rc, next, mm->words, MATMUL_ENABLE);
		task[i] = (struct rknpu_task) {
			.enable_mask = MATMUL_ENABLE,
			.int_mask = RKNPU_INT_DPU,
			.int_clear = RKNPU_INT_ALL,
			.regcfg_amount = mm->words,
			.regcmd_addr = mm->cmd.iova + i * mm->stride_bytes,
		};
	}
}

/* Length of a segment without tail; it is the same for all */
static size_t segment_words(const struct matmul *mm)
{
	const struct matmul_task t = { .m = 4, .k = 32, .n = 32, .rows = 4, .lanes = mm->compressed ? mm->lanes : NULL };
	uint64_t words[256];
	struct regcmd rc = { .words = words, .max = 256 };

	matmul_segment(&rc, &t);
	return rc.count;
}

static void measure_segments(struct matmul *mm)
{
	mm->words = segment_words(mm);
	mm->stride_bytes = DIV_UP((mm->words + RKNPU_REGCMD_TAIL_WORDS) * sizeof(uint64_t), REGCMD_ALIGN_BYTES) *
			   REGCMD_ALIGN_BYTES;
}

int matmul_write_stream(struct matmul *mm)
{
	int ret, fd = mm->cmd.fd;

	npu_bo_fini(&mm->cmd);
	measure_segments(mm);
	ret = npu_bo_init_domain(&mm->cmd, fd, mm->tasks * mm->stride_bytes, NPU_FLAGS_DATA, mm->domain);
	if (ret)
		return ret;
	write_stream(mm);
	ret = npu_bo_to_device(&mm->cmd);
	return ret ? ret : npu_bo_to_device(&mm->task);
}

int matmul_init_domain(struct matmul *mm, int fd, enum matmul_type type, unsigned int m, unsigned int k,
		       unsigned int n, unsigned int tile, enum matmul_data data, uint32_t seed, int domain)
{
	const struct format *f = &formats[type];
	uint32_t state = seed * 2654435761u | 1;
	size_t i;
	int ret;

	memset(mm, 0, sizeof(*mm));
	mm->type = type;
	mm->data = data;
	mm->m = m;
	mm->k = k;
	mm->n = n;
	mm->domain = domain;
	mm->tile = tile ? tile : tile_that_fits(mm, f);
	mm->tasks = DIV_UP(m, mm->tile);
	measure_segments(mm);
	mm->a = malloc(sizeof(*mm->a) * m * k);
	mm->b = malloc(sizeof(*mm->b) * n * k);
	ret = mm->a && mm->b ? 0 : -ENOMEM;
	if (!ret)
		ret = npu_bo_init_domain(&mm->task, fd, mm->tasks * sizeof(struct rknpu_task), NPU_FLAGS_TASK, domain);
	if (!ret)
		ret = npu_bo_init_domain(&mm->cmd, fd, mm->tasks * mm->stride_bytes, NPU_FLAGS_DATA, domain);
	if (!ret)
		ret = npu_bo_init_domain(&mm->in, fd, (uint64_t)m * k * f->in_bytes, NPU_FLAGS_DATA, domain);
	if (!ret)
		ret = npu_bo_init_domain(&mm->weights, fd, (uint64_t)n * k * f->in_bytes, NPU_FLAGS_DATA, domain);
	if (!ret)
		ret = npu_bo_init_domain(&mm->out, fd, (uint64_t)m * n * f->out_bytes, NPU_FLAGS_DATA, domain);
	if (ret) {
		matmul_fini(mm);
		return ret;
	}

	for (i = 0; i < (size_t)m * k; i++)
		mm->a[i] = random_element(mm, &state);
	for (i = 0; i < (size_t)n * k; i++)
		mm->b[i] = random_element(mm, &state);
	pack_features(mm, f);
	matmul_pack_weights(mm);
	write_stream(mm);
	ret = npu_bo_to_device(&mm->task);
	if (!ret)
		ret = npu_bo_to_device(&mm->cmd);
	if (!ret)
		ret = npu_bo_to_device(&mm->in);
	if (!ret)
		ret = npu_bo_to_device(&mm->weights);
	if (ret)
		matmul_fini(mm);
	return ret;
}

int matmul_init(struct matmul *mm, int fd, enum matmul_type type, unsigned int m, unsigned int k,
		unsigned int n, unsigned int tile, enum matmul_data data, uint32_t seed)
{
	return matmul_init_domain(mm, fd, type, m, k, n, tile, data, seed, 0);
}

void matmul_fini(struct matmul *mm)
{
	npu_bo_fini(&mm->out);
	npu_bo_fini(&mm->weights);
	npu_bo_fini(&mm->in);
	npu_bo_fini(&mm->cmd);
	npu_bo_fini(&mm->task);
	free(mm->a);
	free(mm->b);
	mm->a = mm->b = NULL;
}

struct rknpu_task *matmul_descriptors(struct matmul *mm)
{
	return mm->task.map;
}

static bool replace_word(struct matmul *mm, uint32_t reg, bool drop, uint32_t value)
{
	unsigned int replaced = 0, i;
	size_t w;

	for (i = 0; i < mm->tasks; i++) {
		uint64_t *words = (uint64_t *)((char *)mm->cmd.map + i * mm->stride_bytes);

		for (w = 0; w < mm->words; w++) {
			struct regcmd one = { .words = words + w, .max = 1 };

			if ((words[w] & RKNPU_REGCMD_OFFSET_MASK) != reg || !words[w])
				continue;
			if (drop)
				regcmd_word(&one, 0);
			else
				regcmd_write(&one, reg, value);
			replaced++;
		}
	}
	return replaced == mm->tasks && !npu_bo_to_device(&mm->cmd);
}

bool matmul_set_register(struct matmul *mm, uint32_t reg, uint32_t value)
{
	return replace_word(mm, reg, false, value);
}

bool matmul_drop_register(struct matmul *mm, uint32_t reg)
{
	return replace_word(mm, reg, true, 0);
}

struct rknpu_submit matmul_args(const struct matmul *mm, uint32_t core_mask)
{
	struct rknpu_submit args = {
		.flags = RKNPU_JOB_PC | RKNPU_JOB_BLOCK | RKNPU_JOB_PINGPONG,
		.timeout = NPU_TIMEOUT_MS,
		.task_number = mm->tasks,
		.task_obj_addr = mm->task.token,
		.iommu_domain_id = mm->domain,
		.core_mask = core_mask,
		.fence_fd = -1,
	};
	int i;

	/* A single core uses the entry with its number; with automatic choice that may be any */
	for (i = 0; i < NPU_CORES; i++)
		args.subcore_task[i].task_number = mm->tasks;
	return args;
}

void matmul_spoil(struct matmul *mm)
{
	memset(mm->out.map, SPOILED, mm->out.size);
	npu_bo_to_device(&mm->out);
}

int matmul_run(struct matmul *mm, uint32_t core_mask, struct rknpu_submit *done)
{
	struct rknpu_submit args = matmul_args(mm, core_mask);
	int ret;

	matmul_spoil(mm);
	ret = npu_submit(mm->out.fd, &args);
	if (done)
		*done = args;
	return ret ? ret : npu_bo_from_device(&mm->out);
}

/* Bits of one result as stored by the NPU */
static uint32_t result_bits(const struct matmul *mm, const struct format *f, unsigned int row, unsigned int n)
{
	unsigned int lanes = RKNPU_ATOM_BYTES / f->out_bytes;
	size_t index = ((size_t)n / lanes * mm->m + row) * lanes + n % lanes;

	if (f->out_bytes == 2)
		return ((uint16_t *)mm->out.map)[index];
	return ((uint32_t *)mm->out.map)[index];
}

static uint32_t reference_int8(const struct matmul *mm, unsigned int row, unsigned int n)
{
	const uint16_t *a = mm->a + (size_t)row * mm->k, *b = mm->b + (size_t)n * mm->k;
	int32_t sum = 0;
	unsigned int c;

	for (c = 0; c < mm->k; c++)
		sum += (int8_t)a[c] * (int8_t)b[c];
	return sum;
}

/* Sums of 32 products are exact, rounded once, and added in fp32, in order */
static float reference_fp16(const struct matmul *mm, const double *a, const double *b)
{
	float sum = 0;
	unsigned int c;

	for (c = 0; c < mm->k; c += CHANNEL_GROUP) {
		double group = 0;
		unsigned int i;

		for (i = c; i < mm->k && i < c + CHANNEL_GROUP; i++)
			group += a[i] * b[i];
		sum += (float)group;
	}
	return sum;
}

/* Silicon is known to rarely differ in the last bit, on every sixteenth output channel */
static bool differs(const struct format *f, const struct matmul *mm, unsigned int n, uint32_t got, uint32_t want)
{
	int64_t ulps = (int64_t)got - want;

	if (mm->data == MATMUL_ROUNDING && n % f->kernel_group == 0)
		return ulps < -1 || ulps > 1;
	return ulps;
}

static double *as_doubles(const uint16_t *bits, size_t count)
{
	double *v = calloc(count, sizeof(*v));
	size_t i;

	if (!v)
		return NULL;
	for (i = 0; i < count; i++)
		v[i] = fp16_to_double(bits[i]);
	return v;
}

size_t matmul_wrong(const struct matmul *mm)
{
	const struct format *f = &formats[mm->type];
	bool integer = mm->type == MATMUL_INT8_INT32;
	double *a = integer ? NULL : as_doubles(mm->a, (size_t)mm->m * mm->k);
	double *b = integer ? NULL : as_doubles(mm->b, (size_t)mm->n * mm->k);
	size_t wrong = 0;
	unsigned int row, n;

	if (!integer && (!a || !b)) {
		free(a);
		free(b);
		return SIZE_MAX;
	}
	for (row = 0; row < mm->m; row++) {
		for (n = 0; n < mm->n; n++) {
			uint32_t want;
			float sum;

			if (integer) {
				want = reference_int8(mm, row, n);
			} else {
				sum = reference_fp16(mm, a + (size_t)row * mm->k, b + (size_t)n * mm->k);
				want = f->out_bytes == 2 ? fp16_from_fp32(sum) : fp32_bits(sum);
			}
			wrong += differs(f, mm, n, result_bits(mm, f, row, n), want);
		}
	}
	free(a);
	free(b);
	return wrong;
}

/* Exact data as integers: fp16 inputs in units of 1/8, their products in units of 1/64 */
static int64_t element_integer(const struct matmul *mm, uint16_t bits)
{
	return mm->type == MATMUL_INT8_INT32 ? (int8_t)bits : (int64_t)(fp16_to_double(bits) * 8);
}

static int64_t result_integer(const struct matmul *mm, const struct format *f, unsigned int row, unsigned int n)
{
	uint32_t bits = result_bits(mm, f, row, n);
	double v;

	if (mm->type == MATMUL_INT8_INT32)
		return (int32_t)bits;
	v = (f->out_bytes == 2 ? fp16_to_double(bits) : (double)fp32_from_bits(bits)) * 64;
	/* Values that are not finite or not a multiple of 1/64 have no integer */
	return v == trunc(v) && fabs(v) < 0x1p53 ? (int64_t)v : INT64_MIN;
}

size_t matmul_wrong_rows(const struct matmul *mm, uint32_t seed)
{
	const struct format *f = &formats[mm->type];
	uint64_t *r = malloc(mm->n * sizeof(*r)), *br = calloc(mm->k, sizeof(*br));
	uint32_t state = seed | 1;
	unsigned int row, n, c;
	size_t wrong = 0;

	if (!r || !br) {
		free(r);
		free(br);
		return SIZE_MAX;
	}
	for (n = 0; n < mm->n; n++) {
		r[n] = (uint64_t)next_random(&state) << 32;
		r[n] |= next_random(&state);
		for (c = 0; c < mm->k; c++)
			br[c] += element_integer(mm, mm->b[(size_t)n * mm->k + c]) * r[n];
	}
	for (row = 0; row < mm->m; row++) {
		uint64_t want = 0, got = 0;

		for (c = 0; c < mm->k; c++)
			want += element_integer(mm, mm->a[(size_t)row * mm->k + c]) * br[c];
		for (n = 0; n < mm->n; n++)
			got += result_integer(mm, f, row, n) * r[n];
		wrong += got != want;
	}
	free(r);
	free(br);
	return wrong;
}

size_t matmul_untouched(const struct matmul *mm)
{
	const struct format *f = &formats[mm->type];
	const uint32_t spoiled = f->out_bytes == 2 ? SPOILED * 0x0101u : SPOILED * 0x01010101u;
	size_t untouched = 0;
	unsigned int row, n;

	for (row = 0; row < mm->m; row++)
		for (n = 0; n < mm->n; n++)
			untouched += result_bits(mm, f, row, n) == spoiled;
	return untouched;
}
