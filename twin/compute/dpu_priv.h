/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * Internal to DPU, DPU_RDMA and PPU.
 *
 * Inside the DPU a cube is a struct accumulator, no matter where it came from:
 * int32 on the integer path, fp32 on the float path. Stages change it in place,
 * one after the other, each over the whole cube.
 */
#ifndef TWIN_DPU_PRIV_H
#define TWIN_DPU_PRIV_H

#include <string.h>

#include "compute_priv.h"

/* Width, height and channels; the number of channels is the real one, not rounded up to atoms */
struct cube {
	uint32_t width, height, channels;
};

/* Elements of a cube in memory, in NC1HWC2 atoms */
struct element {
	uint32_t precision;		/* RKNPU_PREC_* */
	uint32_t bytes;
	uint32_t per_atom;
};

/**
 * struct stage - BS or BN
 * @alu_first: the ALU comes before the multiplier (BS), not after it (BN)
 * @alu_memory: the ALU's operand is per channel, from BRDMA; same for @mul_memory
 * @alu_bits: the ALU's operand if not from memory: int32 or fp32 bits
 * @mul_bits: the multiplier's operand if not from memory: int16 or fp16 bits
 * @shift: shift of products that are not negative, @shift_neg that of the others; integer only
 * @cap: upper clamp of RELUX: int32 or fp32 bits
 */
struct stage {
	bool active, alu_first;
	bool alu, subtract, alu_memory;
	bool mul, prelu, mul_memory;
	bool relu, relux;
	uint32_t alu_bits, mul_bits;
	uint32_t shift, shift_neg;
	uint32_t cap;
};

/* CPEND: adds operand times window sum to the accumulator, integer only */
struct cpend {
	bool active;
	bool memory;			/* operand per channel, from BRDMA */
	int32_t operand;
};

/* Operands of a stage, one per channel, even if they came from a register */
struct operands {
	union {
		int32_t *alu_i;
		float *alu_f;
	};
	union {
		int32_t *mul_i;
		float *mul_f;
	};
	int32_t *pend;			/* NULL without CPEND */
};

/**
 * struct ew - EW: lookup table, then operation, then ReLU
 * @op: RKNPU_EW_ALU_*, unless @mul
 * @memory: the operand is a cube from memory; otherwise it is @operand_bits for all elements
 * @operand: type of the operand in memory
 * @mode: the field that tells whether the operand has one value per element or per channel
 * @convert: integer operands go through (v + @offset) * @scale >> @shift
 */
struct ew {
	bool active, lut, operate;
	bool mul, prelu, relu, relux;
	uint32_t op;
	bool memory;
	uint32_t operand_bits;
	struct element operand;
	uint32_t mode;
	bool convert, half_away;
	int32_t offset, scale;
	uint32_t shift;
	uint32_t cap;
};

/* Lookup tables: int16 entries in equal steps from a start value */
struct lut {
	const int16_t *table[RKNPU_DPU_LUT_TABLES];
	int32_t start[RKNPU_DPU_LUT_TABLES];
	uint32_t select[RKNPU_DPU_LUT_TABLES];	/* log2 of the step */
	double below, beyond;			/* slopes outside both tables */
};

/*
 * Location of the atoms of a cube: plane a is at addr[a % streams] plus
 * a / streams * pitch[a % streams] bytes
 */
struct planes {
	uint32_t streams;
	uint32_t addr[2], pitch[2];
	uint32_t line_atoms;		/* from one line to the next */
};

/* Per-channel operands come in records of this many channels, one per 16 bits of an atom [seen: rknn-toolkit2] */
#define VECTOR_CHANNELS		(ATOM_BYTES / 2)

/* Per-channel operands: where they are, and which ones; the others come from registers */
struct vector {
	uint32_t addr;
	bool alu, pend, mul;
};

/**
 * struct rdma - DPU_RDMA: main input, per-channel operands, EW operand
 * @copies_x: how often unpooling repeats each pixel of a line, 1 without; @copies_y: the same for each line
 * @ew_per_channel: the EW operand has one value per channel
 */
struct rdma {
	struct cube cube;
	struct planes main, ew;
	struct vector bs, bn;
	uint32_t copies_x, copies_y;
	bool ew_per_channel;
};

/*
 * Order in which atoms leave the DPU
 * @ORDER_GROUPS: group by group of SIZE_E + 1 atoms, pixel by pixel within a group
 * @ORDER_PLANES: plane by plane, each with one atom of the channels, pixel by pixel (TP_EN)
 * @ORDER_TRANSPOSED: like planes, but with transposed blocks of as many pixels as an atom
 *	has elements: atom i of a block has element i of each pixel (TP_ORG_EN)
 * @ORDER_UNPOOLED: by lines, with each pixel repeated for the width of the unpooling window,
 *	and as many atoms per pixel as the window is high
 */
enum order {
	ORDER_GROUPS,
	ORDER_PLANES,
	ORDER_TRANSPOSED,
	ORDER_UNPOOLED,
};

/**
 * struct wdma - where the write DMA puts atoms, in the order in which they arrive
 * @groups: the outermost loop, @surf_add bytes apart; then @height and @width, lines @pitch
 *	atoms apart; then @atoms, @surf_stride bytes apart
 * @last_atoms: atoms per pixel of the last group
 * @last_bytes: bytes of the last of these atoms
 * @kept_atoms: atoms of channels beyond these are not written; of the last one, only the first
 *	@kept_bytes (all if 0) belong to the cube, and the other elements become @fill
 * @linear: write values without gaps from @addr on instead of atoms
 */
struct wdma {
	enum order order;
	uint32_t element_bytes;		/* of ORDER_TRANSPOSED, and of @linear */
	uint32_t width, height, groups;
	uint32_t atoms, last_atoms, last_bytes, kept_atoms, kept_bytes, fill;
	uint32_t addr, pitch, surf_stride, surf_add;
	bool linear;
};

/* The cube as it is written: atoms, plane by plane */
struct image {
	uint32_t pixels, atoms;
	uint8_t *bytes;
};

/* Output conversion */
struct out_cvt {
	int32_t offset;
	int32_t scale;
	uint32_t shift;
	uint32_t minus_exp;
	bool half_away;
	bool identity;
	bool to_half;			/* FP32TOFP16 */
};

/**
 * struct dpu - everything that the registers set up for a DPU task
 * @flying: the main input comes from memory
 * @raw: atoms pass unchanged, nothing is calculated
 * @main: type of the main input in memory, if @flying
 * @processing: RKNPU_PREC_* of the processing type in DATA_FORMAT
 * @reduce: only the maximum over a pixel's channels is output
 */
struct dpu {
	bool flying, raw, is_float, reduce;
	struct element main;
	uint32_t processing;
	struct cube cube;
	struct cpend cpend;
	struct stage bs, bn;
	struct ew ew;
	struct lut lut;
	struct rdma rdma;
	struct out_cvt cvt;
	struct element out;
	struct wdma wdma;
};

static inline uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Number of atoms per pixel for @channels channels */
static inline uint32_t cube_atoms(const struct element *e, uint32_t channels)
{
	return (channels + e->per_atom - 1) / e->per_atom;
}

/*
 * value / 2^shift, rounded to nearest, ties to even or away from zero
 * [seen: rockchip-npu-notes, both settings, both signs]. @shift is below 64.
 */
static inline int64_t shift_rounded(int64_t value, unsigned int shift, bool half_away)
{
	int64_t whole = value >> shift;
	uint64_t rest = (uint64_t)value & ((1ULL << shift) - 1);
	uint64_t half = shift ? 1ULL << (shift - 1) : ~0ULL;
	/* @whole is rounded towards minus infinity, so adding one goes away from zero for positive values only */
	bool tie_up = half_away ? value > 0 : whole & 1;

	return whole + (rest > half || (rest == half && tie_up));
}

/* Little endian */
static inline void store_le(uint8_t *to, uint32_t value, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

/*
 * cube.c: cube_alloc() leaves @acc->sums alone; cube_part() is @count pixels of a cube from @first on;
 * cube_spread() calls @run for pieces of all pixels, see spread()
 */
bool cube_alloc(struct accumulator *acc, const struct cube *cube, uint32_t pitch, bool is_float);
struct accumulator cube_part(const struct accumulator *acc, uint32_t first, uint32_t count);
unsigned int cube_threads(const struct task *t, const struct accumulator *acc);
enum twin_compute_status cube_spread(const struct task *t, const struct accumulator *acc, spread_fn run, void *arg);

/* element.c */
bool element_init(struct element *e, uint32_t precision);
bool element_is_float(const struct element *e);
void element_load(const struct element *e, const uint8_t *bytes, uint32_t atoms, uint32_t lanes,
		  void *to, uint32_t pitch);

/* dpu.c: @conv is NULL for a task without CNA and CORE */
enum twin_compute_status dpu_parse(const struct task *t, const struct conv *conv, uint32_t enable,
				   struct dpu *dpu);
enum twin_compute_status dpu_run(const struct task *t, const struct dpu *dpu,
				 struct accumulator *acc);
uint64_t dpu_memory_bytes(const struct dpu *dpu);

/* dpu_stage.c: BS and BN */
enum twin_compute_status stages_parse(const struct task *t, const struct conv *conv,
				      uint32_t enable, struct dpu *dpu);
enum twin_compute_status stages_run(const struct task *t, const struct dpu *dpu,
				    struct accumulator *acc);

void relu_int(bool relux, uint32_t cap, int32_t *x, size_t count);
void relu_float(bool relux, uint32_t cap, float *x, size_t count);

/* dpu_ew.c, dpu_lut.c */
enum twin_compute_status ew_parse(const struct task *t, uint32_t enable, struct dpu *dpu);
enum twin_compute_status ew_run(const struct task *t, const struct dpu *dpu,
				struct accumulator *acc);
enum twin_compute_status lut_parse(const struct task *t, struct lut *lut);
void lut_run(const struct lut *lut, float *values, size_t count);
void lut_run_int(const struct lut *lut, int32_t *values, size_t count);

/* dpu_rdma.c */
enum twin_compute_status rdma_parse(const struct task *t, uint32_t enable, struct dpu *dpu);
void rdma_parse_ew(const struct task *t, struct dpu *dpu);
enum twin_compute_status rdma_fetch_main(const struct task *t, const struct dpu *dpu,
					 struct accumulator *acc);
enum twin_compute_status rdma_fetch_raw(const struct task *t, const struct dpu *dpu, struct image *image);
enum twin_compute_status rdma_fetch_vector(const struct task *t, const struct vector *vector,
					   uint32_t channels, uint8_t **bytes);
uint32_t vector_bytes(const struct vector *vector);
enum twin_compute_status rdma_fetch_ew(const struct task *t, const struct dpu *dpu,
				       struct accumulator *operand);

/* out_cvt.c: out_cvt_run() converts @count consecutive values of @acc, from @first on, to their form in memory */
enum twin_compute_status out_cvt_parse(const struct task *t, struct dpu *dpu);
void out_cvt_run(const struct dpu *dpu, const struct accumulator *acc, size_t first, size_t count,
		 uint8_t *to);

/* writer.c: merges adjacent bytes into few DMA calls, keeping their order */
struct writer;
struct writer *writer_create(const struct task *t);
bool writer_put(struct writer *w, uint32_t addr, const void *bytes, uint32_t count);
bool writer_finish(struct writer *w);	/* frees the writer; false if any write faulted */

/* wdma.c, dpu_order.c: dpu_order_parse() sets the order in which atoms leave the DPU, wdma_parse() checks it */
enum twin_compute_status wdma_parse(const struct task *t, struct dpu *dpu);
enum twin_compute_status wdma_write(const struct task *t, const struct dpu *dpu,
				    const struct image *image);
bool order_fits(const struct dpu *dpu);
const uint8_t *order_atom(const struct dpu *dpu, const struct image *image, uint64_t place,
			  uint32_t atom, uint8_t *scratch);

/* fields.c: refuses fields that are set but whose effect is not known */
enum twin_compute_status fields_parse(const struct task *t, uint32_t enable);

/* ppu.c */
enum twin_compute_status ppu_task(const struct task *t);
uint64_t ppu_memory_bytes(const struct task *t);

#endif /* TWIN_DPU_PRIV_H */
