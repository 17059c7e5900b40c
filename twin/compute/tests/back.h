/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * The parts of a program that follow its main input: the stages of the DPU, and
 * DPU_RDMA, which can also supply the main input itself. Written from the
 * formulas, one element at a time; shares no code with the library.
 */
#ifndef TWIN_COMPUTE_BACK_H
#define TWIN_COMPUTE_BACK_H

#include "program.h"

enum { BACK_TABLE = RKNPU_DPU_LUT_ENTRIES };

/* BS or BN. Operands come from memory if the flag says so. */
struct back_stage {
	bool on;
	int alu;			/* 0 none, 2 add, 4 subtract */
	bool alu_memory;
	int32_t alu_int;
	float alu_float;
	bool mul, mul_memory, prelu;
	int16_t mul_int;
	uint16_t mul_half;
	int shift, shift_neg;
	bool relu, relux;
	int32_t cap_int;
	float cap_float;
};

struct back {
	/* The main input comes from memory; the shape's feature layout is ROWS */
	bool flying;
	int line_notch, surf_notch;
	/* CPEND */
	bool pend, pend_memory;
	int16_t pend_int;
	struct back_stage bs, bn;
	int vectors;			/* fields of BRDMA and NRDMA: 1 ALU, 2 CPEND, 4 multiplier; 0: those needed */
	bool bf16;			/* the type that DPU processes, and of factors and EW's operand */
	/* EW */
	bool lut;
	int32_t lut_start[2];
	int lut_select[2];
	int16_t table[2][BACK_TABLE];
	int16_t lut_slope[2];		/* before the first table and beyond the second */
	int lut_slope_shift[2];
	bool operate;
	int op;				/* RKNPU_EW_ALU_*, unless @mul */
	bool mul, prelu;
	bool operand_memory, operand_per_channel;
	uint32_t operand_value;
	int operand_size;		/* field: 1 8, 2 16, 3 32 bits; 0: 32 bits for a register */
	bool convert, convert_away;
	int32_t convert_offset;
	int16_t convert_scale;
	int convert_shift;
	bool ew_relu, ew_relux;
	int32_t ew_cap_int;
	float ew_cap_float;
	int ew_surf_stride;		/* atoms, beyond the plane */
	/* Drawn by back_init() */
	int32_t *alu;			/* [c], or fp32 bits */
	int16_t *pend_vector, *mul_vector;
	int32_t *bn_alu;
	int16_t *bn_mul_vector;
	uint32_t *operand;		/* [c][y][x], bits as in memory */
};

/* A cube that the DPU alone reads and writes; the output has the layout of the input */
struct shape shape_flying(uint32_t in_prec, uint32_t out_prec, int width, int height, int channels);

/* Everything that follows CORE, except the lookup table; both stages, and CPEND with integers, take operands from memory */
struct back back_all_stages(bool is_float);

/* Add @b to a program set up by program_init(); @draw is for the EW operand */
void back_init(struct program *p, struct back *b, draw_fn draw, uint64_t seed);
void back_free(struct back *b);

/* One output element, before output conversion; reference.c calls it */
struct accumulated;
void back_apply(const struct program *p, int c, int y, int x, struct accumulated *a);
struct accumulated back_main(const struct program *p, int c, int y, int x);

/* Build, run, compare and print one TAP line; frees the data drawn by back_init() */
void back_test(const struct shape *s, struct back *b, draw_fn draw, draw_fn draw_operand,
	       uint64_t seed, const char *name);

/* Test programs, for the units alone and for the whole twin */
void stage_tests(void);
void ew_tests(void);

#endif /* TWIN_COMPUTE_BACK_H */
