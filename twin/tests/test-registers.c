// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: reset values, values after a write, and which registers are decoded.
 */
#include "machine.h"

struct reg_value {
	uint32_t offset, value;
};

static const struct reg_value reset_values[] = {
	{ RKNPU_PC_VERSION, RKNPU_PC_VERSION_FIRE },
	{ RKNPU_PC_VERSION_NUM, 0 },
	{ RKNPU_PC_OPERATION_ENABLE, 0 },
	{ RKNPU_PC_BASE_ADDRESS, 0 },
	{ RKNPU_PC_REGISTER_AMOUNTS, 0 },
	{ RKNPU_PC_INTERRUPT_MASK, 0x1ffff },
	{ RKNPU_PC_INTERRUPT_STATUS, 0 },
	{ RKNPU_PC_INTERRUPT_RAW_STATUS, 0x40000000 },
	{ RKNPU_PC_TASK_CON, 0 },
	{ RKNPU_PC_TASK_DMA_BASE_ADDR, 0 },
	{ RKNPU_PC_TASK_STATUS, 0 },
	{ RKNPU_CNA_S_POINTER, 0 },
	{ RKNPU_CNA_FEATURE_DATA_ADDR, 0 },
	{ RKNPU_CORE_MAC_GATING, RKNPU_CORE_MAC_GATING_RESET },
	{ RKNPU_DPU_OUT_CVT_SHIFT, 0 },
	{ RKNPU_PPU_DST_BASE_ADDR, 0 },
	{ RKNPU_DDMA_CFG_OUTSTANDING, RKNPU_DDMA_CFG_OUTSTANDING_RESET },
	{ RKNPU_DDMA_RD_WEIGHT_0, RKNPU_DDMA_RD_WEIGHT_0_RESET },
	{ RKNPU_DDMA_WR_WEIGHT_0, RKNPU_DDMA_WR_WEIGHT_0_RESET },
	{ RKNPU_DDMA_RD_WEIGHT_1, RKNPU_DDMA_RD_WEIGHT_1_RESET },
	{ RKNPU_DDMA_STATUS, RKNPU_DDMA_STATUS_IDLE },
	{ RKNPU_GLOBAL_OPERATION_ENABLE, 0 },
};

static void test_reset_values(const void *arg)
{
	struct machine *m = machine_create(NULL, false);
	unsigned int core, i;

	(void)arg;
	for (core = 0; core < TWIN_MAX_CORES; core++) {
		for (i = 0; i < sizeof(reset_values) / sizeof(reset_values[0]); i++)
			CHECK_EQ(rd(m, core, reset_values[i].offset), reset_values[i].value);
		for (i = 0; i < bank_count(core); i++) {
			CHECK_EQ(rd(m, core, bank_offset(core, i) + RK_IOMMU_STATUS), 0x18);
			CHECK_EQ(rd(m, core, bank_offset(core, i) + RK_IOMMU_AUTO_GATING), 3);
		}
	}
	machine_destroy(m);
}

/* Values after writing all ones */
static const struct reg_value written_values[] = {
	{ RKNPU_PC_REGISTER_AMOUNTS, 0xffff },
	{ RKNPU_PC_INTERRUPT_MASK, 0x1ffff },
	{ RKNPU_PC_TASK_CON, 0x1fff },
	{ RKNPU_PC_TASK_DMA_BASE_ADDR, 0xfffffff0 },
	{ RKNPU_CNA_CONV_CON1, 0xffffffff },
	{ RKNPU_CORE_UNNAMED_3030, 0xffffffff },
	{ RKNPU_DPU_UNNAMED_40C4, 0xffffffff },
	{ RKNPU_DPU_RDMA_EW_SURF_NOTCH, 0xffffffff },
	{ RKNPU_PPU_RDMA_SRC_BASE_ADDR, 0xffffffff },
	{ RKNPU_DDMA_WR_WEIGHT_0, 0xffffffff },
	/* Toggling and core bits stay; pointer, clear bits and EXECUTER do not */
	{ RKNPU_DPU_S_POINTER, 0xf000000e },
};

static void test_written_values(const void *arg)
{
	struct machine *m = machine_create(NULL, false);
	unsigned int i;

	(void)arg;
	for (i = 0; i < sizeof(written_values) / sizeof(written_values[0]); i++) {
		wr(m, 1, written_values[i].offset, 0xffffffff);
		CHECK_EQ(rd(m, 1, written_values[i].offset), written_values[i].value);
	}
	CHECK_EQ(rd(m, 0, RKNPU_CNA_CONV_CON1), 0);
	CHECK_EQ(rd(m, 2, RKNPU_CNA_CONV_CON1), 0);
	machine_destroy(m);
}

static void test_task_con(const void *arg)
{
	struct machine *m = machine_create(NULL, false);

	(void)arg;
	wr(m, 0, RKNPU_PC_TASK_CON, 0x7002);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_CON), 0x1002);
	wr(m, 0, RKNPU_PC_TASK_CON, 0x6001);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_CON), 0x0001);
	machine_destroy(m);
}

struct bad_access {
	uint32_t offset;
	bool write;
	uint32_t error;
};

static const struct bad_access bad_accesses[] = {
	{ 0x000c, false, TWIN_ERROR_UNDECODED },
	{ 0x0038, true, TWIN_ERROR_UNDECODED },
	{ 0x0100, false, TWIN_ERROR_UNDECODED },
	{ 0x1200, false, TWIN_ERROR_UNDECODED },
	{ 0x2000, false, TWIN_ERROR_UNDECODED },
	{ 0x2004, true, TWIN_ERROR_UNDECODED },
	{ 0x8040, false, TWIN_ERROR_UNDECODED },
	{ 0x9100, false, TWIN_ERROR_UNDECODED },
	{ 0xa100, true, TWIN_ERROR_UNDECODED },
	{ 0xb000, false, TWIN_ERROR_UNDECODED },
	{ 0xf000, false, TWIN_ERROR_UNDECODED },
	{ 0xf00c, true, TWIN_ERROR_UNDECODED },
	{ 0xa028, false, TWIN_ERROR_MMU_CMD },
	{ 0xa028, true, TWIN_ERROR_MMU_CMD },
	{ RKNPU_PC_VERSION, true, TWIN_ERROR_RO_WRITE },
	{ RKNPU_PC_INTERRUPT_STATUS, true, TWIN_ERROR_RO_WRITE },
	{ RKNPU_PC_INTERRUPT_RAW_STATUS, true, TWIN_ERROR_RO_WRITE },
	{ RKNPU_PC_TASK_STATUS, true, TWIN_ERROR_RO_WRITE },
	{ RKNPU_DDMA_RD_WEIGHT_1, true, TWIN_ERROR_RO_WRITE },
	{ RKNPU_DPU_BASE + RKNPU_S_STATUS, true, TWIN_ERROR_RO_WRITE },
	{ 0xa000 + RK_IOMMU_STATUS, true, TWIN_ERROR_RO_WRITE },
	{ RKNPU_GLOBAL_OPERATION_ENABLE, true, TWIN_ERROR_START_SLAVE },
	{ RKNPU_DPU_BASE + RKNPU_OPERATION_ENABLE, true, TWIN_ERROR_START_SLAVE },
};

static void test_bad_accesses(const void *arg)
{
	struct machine *m = machine_create(NULL, false);
	const struct bad_access *bad;
	unsigned int i;

	(void)arg;
	for (i = 0; i < sizeof(bad_accesses) / sizeof(bad_accesses[0]); i++) {
		bad = &bad_accesses[i];
		if (bad->write)
			wr(m, 0, bad->offset, 0xffffffff);
		else
			CHECK_EQ(rd(m, 0, bad->offset), 0);
		CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), i + 1);
		CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), bad->error);
	}
	ctl_wr(m, TWIN_ERROR_ACK, i);
	machine_destroy(m);
}

struct access_size {
	uint32_t offset;
	unsigned int bytes;
};

static const struct access_size bad_sizes[] = { { 0, 1 }, { 0, 2 }, { 0, 8 }, { 2, 4 }, { 1, 1 } };

static void test_sizes(const void *arg)
{
	struct machine *m = machine_create(NULL, false);
	unsigned int i, n = 0;

	(void)arg;
	for (i = 0; i < sizeof(bad_sizes) / sizeof(bad_sizes[0]); i++) {
		CHECK_EQ(twin_core_read(m->twin, 0, bad_sizes[i].offset, bad_sizes[i].bytes), 0);
		CHECK_EQ(twin_ctl_read(m->twin, bad_sizes[i].offset, bad_sizes[i].bytes), 0);
		CHECK_EQ(twin_reset_read(m->twin, bad_sizes[i].offset, bad_sizes[i].bytes), 0);
		twin_core_write(m->twin, 0, RKNPU_PC_REGISTER_AMOUNTS + bad_sizes[i].offset, 7, bad_sizes[i].bytes);
		n += 4;
		CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_SIZE);
	}
	CHECK_EQ(rd(m, 0, RKNPU_PC_REGISTER_AMOUNTS), 0);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), n);
	ctl_wr(m, TWIN_ERROR_ACK, n);
	machine_destroy(m);
}

static void test_second_bank_only_on_core_0(const void *arg)
{
	struct machine *m = machine_create(NULL, false);

	(void)arg;
	wr(m, 0, 0x9000 + RK_IOMMU_DTE_ADDR, 0x12345679);
	CHECK_EQ(rd(m, 0, 0x9000 + RK_IOMMU_DTE_ADDR), 0x12345670);
	CHECK_EQ(rd(m, 0, 0xa000 + RK_IOMMU_DTE_ADDR), 0);
	/* On other cores 0x9000 is bus configuration, which keeps every bit */
	wr(m, 1, 0x9000, 0x12345679);
	CHECK_EQ(rd(m, 1, 0x9000), 0x12345679);
	machine_destroy(m);
}

static void test_ctl_identity(const void *arg)
{
	struct machine *m = machine_create(NULL, false);

	(void)arg;
	CHECK_EQ(ctl_rd(m, TWIN_ID), TWIN_ID_VALUE);
	CHECK_EQ(ctl_rd(m, TWIN_CORES), 3);
	CHECK_EQ(ctl_rd(m, TWIN_ASYNC), 0);
	CHECK_EQ(ctl_rd(m, TWIN_CLOCK_MHZ), 1000);
	CHECK_EQ(ctl_rd(m, TWIN_MACS_PER_CYCLE), 1024);
	CHECK_EQ(ctl_rd(m, TWIN_BYTES_PER_CYCLE), 9);
	CHECK_EQ(ctl_rd(m, TWIN_TASK_OVERHEAD_NS), 1000);
	machine_destroy(m);
}

const struct test_case register_tests[] = {
	{ "registers: reset values of all cores", test_reset_values, 0 },
	{ "registers: a write keeps the bits that exist, on its own core only", test_written_values, 0 },
	{ "registers: TASK_CON reads back number and ping-pong alone", test_task_con, 0 },
	{ "registers: undecoded, read-only and unknown ones are guest errors", test_bad_accesses, 0 },
	{ "registers: other widths than 32 bits are guest errors without effect", test_sizes, 0 },
	{ "registers: only core 0 has a second bank", test_second_bank_only_on_core_0, 0 },
	{ "registers: the control page says what the twin is", test_ctl_identity, 0 },
	{ 0 },
};
