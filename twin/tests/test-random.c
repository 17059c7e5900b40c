// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: a guest that does anything in any order. The only expectations are that
 * the sanitizers report nothing and that the interrupt line matches the registers.
 */
#include "machine.h"

#define SEEDS		20u
#define STEPS		3000u
#define FULL_CHECK	16u	/* the line is compared once per this many steps */

struct random {
	uint64_t state;
};

static uint32_t next(struct random *r)
{
	r->state = r->state * 6364136223846793005ull + 1442695040888963407ull;
	return r->state >> 33;
}

/* Values that have a meaning somewhere, and some that have none */
static uint32_t value(struct random *r)
{
	static const uint32_t known[] = {
		0, 1, 2, 3, 4, 5, 6, 0xe, 0x30, 0x1000000e, 0x2000000e, 0x300, 0xf, 0x7001, 0x7003, 0x7fff,
		CMD_IOVA, CMD_IOVA + 8, IN_IOVA, OUT_IOVA, HOLE_IOVA, 0xffffffff, (uint32_t)LOW_ADDR | 1,
	};
	uint32_t pick = next(r);

	return pick % 8 ? known[pick / 8 % (sizeof(known) / sizeof(known[0]))] : next(r);
}

static uint32_t offset(struct random *r)
{
	static const uint32_t page[] = {
		RKNPU_PC_BASE, RKNPU_PC_BASE, RKNPU_CNA_BASE, 0x2000, RKNPU_CORE_BASE, RKNPU_DPU_BASE,
		RKNPU_DDMA_BASE, 0x9000, 0xa000, 0xa000, RKNPU_GLOBAL_BASE,
	};

	return page[next(r) % (sizeof(page) / sizeof(page[0]))] + next(r) % 20 * 4;
}

static void random_stream(struct machine *m, struct random *r)
{
	struct stream s = stream_at(m, CMD_IOVA);
	unsigned int i;

	stream_copy(&s, value(r), value(r), next(r) % 10000, 1, next(r));
	for (i = next(r) % 4; i; i--)
		stream_raw(&s, RKNPU_REGCMD(0x0101u << next(r) % 8, offset(r), value(r)));
	if (next(r) % 2)
		stream_chain(&s, ENABLE_CONV, CMD_IOVA, s.words);
	else
		stream_end(&s, next(r) % 4 ? ENABLE_CONV : next(r));
}

static void random_kick(struct machine *m, struct random *r)
{
	struct kick kick = {
		.addr = next(r) % 8 ? CMD_IOVA : value(r), .words = 4 + next(r) % 20, .tasks = next(r) % 6,
		.int_mask = RKNPU_INT_DPU, .pingpong = next(r) % 2,
	};

	start_kick(m, next(r) % TWIN_MAX_CORES, &kick);
}

static void random_tables(struct machine *m, struct random *r)
{
	static const uint32_t page[] = { CMD_IOVA, IN_IOVA, OUT_IOVA };
	static const uint64_t addr[] = { CMD_ADDR, IN_ADDR, OUT_ADDR };
	unsigned int i = next(r) % 3;

	if (next(r) % 4)
		map_page(m, page[i], addr[i], PROT_RW);
	else
		set_entry(m, page[i], value(r));
}

static void step(struct machine *m, struct random *r)
{
	unsigned int core = next(r) % TWIN_MAX_CORES;

	switch (next(r) % 16) {
	case 0:
		random_stream(m, r);
		break;
	case 1:
	case 2:
		random_kick(m, r);
		break;
	case 3:
		random_tables(m, r);
		break;
	case 4:
		reset_wr(m, next(r) % 64);
		break;
	case 5:
		reset_wr(m, 0);
		enable_banks(m, core);
		break;
	case 6:
		ctl_wr(m, next(r) % 20 * 4, value(r) % 100);
		break;
	case 7:
		ctl_wr(m, TWIN_FAULT_COUNT, next(r) % 3);
		break;
	case 8:
		if (next(r) % 64 == 0)
			twin_power_on(m->twin);
		break;
	case 9:
		twin_core_write(m->twin, core, next(r) % 0x10000, value(r), 1u << next(r) % 4);
		break;
	case 10:
	case 11:
		machine_run(m, next(r) % 2000000);
		break;
	case 12:
		rd(m, core, offset(r));
		break;
	default:
		wr(m, core, offset(r), value(r));
	}
}

static void check_line(struct machine *m, unsigned int core)
{
	bool want = rd(m, core, RKNPU_PC_INTERRUPT_STATUS);
	unsigned int i;

	for (i = 0; i < bank_count(core); i++)
		want |= !!rd(m, core, bank_offset(core, i) + RK_IOMMU_INT_STATUS);
	CHECK_EQ(m->irq[core], want);
}

static void test_anything(const void *arg)
{
	struct machine *m;
	struct random r;
	unsigned int seed, i;

	(void)arg;
	for (seed = 1; seed <= SEEDS; seed++) {
		r.state = seed;
		m = machine_default();
		for (i = 0; i < STEPS; i++) {
			step(m, &r);
			if (i % FULL_CHECK == 0 && twin_reset_read(m->twin, 0, 4) == 0)
				check_line(m, i / FULL_CHECK % TWIN_MAX_CORES);
		}
		ctl_wr(m, TWIN_ERROR_ACK, 0xffffffff);
		machine_destroy(m);
	}
}

const struct test_case random_tests[] = {
	{ "random: a guest that does anything", test_anything, 0 },
	{ 0 },
};
