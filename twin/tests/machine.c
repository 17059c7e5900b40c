// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright (C) the rknpu authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define TABLES_ADDR	LOW_ADDR
#define WORD_BYTES	8
#define COPY_BYTES	64
#define COPY_KEY	0x5a
#define RESET_NS	10000
#define SECOND_NS	1000000000ull

/* ---- Services for the twin ---- */

static uint64_t op_now(void *opaque)
{
	const struct machine *m = opaque;

	return m->now;
}

static void op_timer_set(void *opaque, unsigned int core, uint64_t when_ns)
{
	struct machine *m = opaque;

	m->timer[core] = when_ns;
}

static void op_irq_set(void *opaque, unsigned int line, bool level)
{
	struct machine *m = opaque;

	m->irq_rises[line] += level && !m->irq[line];
	m->irq[line] = level;
}

static uint8_t *find_ram(struct machine *m, uint64_t addr, size_t bytes)
{
	if (addr >= LOW_ADDR && addr + bytes <= LOW_ADDR + RAM_BYTES)
		return m->low + (addr - LOW_ADDR);
	if (addr >= SHMEM_ADDR && addr + bytes <= SHMEM_ADDR + SHMEM_BYTES)
		return m->shmem + (addr - SHMEM_ADDR);
	if (addr >= HIGH_ADDR && addr + bytes <= HIGH_ADDR + RAM_BYTES)
		return m->high + (addr - HIGH_ADDR);
	return NULL;
}

static bool op_mem_read(void *opaque, uint64_t addr, void *buf, size_t bytes)
{
	uint8_t *p = find_ram(opaque, addr, bytes);

	if (p)
		memcpy(buf, p, bytes);
	return p;
}

static bool op_mem_write(void *opaque, uint64_t addr, const void *buf, size_t bytes)
{
	uint8_t *p = find_ram(opaque, addr, bytes);

	if (p)
		memcpy(p, buf, bytes);
	return p;
}

static void op_log(void *opaque, const char *line)
{
	struct machine *m = opaque;

	m->log_lines++;
	snprintf(m->log_last, sizeof(m->log_last), "%s", line);
}

static void op_pause(void *opaque, uint32_t ms)
{
	struct machine *m = opaque;

	m->paused_ms += ms;
}

static void op_work_start(void *opaque, unsigned int core)
{
	struct machine *m = opaque;

	m->work_started[core]++;
}

/* ---- Creation ---- */

static void map_area(struct machine *m, uint32_t iova, uint64_t addr, uint32_t prot)
{
	unsigned int i;

	for (i = 0; i < AREA_PAGES; i++)
		map_page(m, iova + i * PAGE, addr + i * PAGE, prot);
}

struct machine *machine_create(const struct twin_config *config, bool async)
{
	struct twin_ops ops = {
		.now_ns = op_now, .timer_set = op_timer_set, .irq_set = op_irq_set,
		.mem_read = op_mem_read, .mem_write = op_mem_write, .log = op_log,
		.pause = op_pause,
		.work_start = async ? op_work_start : NULL,
	};
	struct machine *m = calloc(1, sizeof(*m));
	struct twin_config defaults;
	unsigned int i;

	twin_config_init(&defaults);
	if (!m)
		abort();
	m->low = calloc(1, RAM_BYTES);
	m->high = calloc(1, RAM_BYTES);
	m->now = 1000;
	for (i = 0; i < TWIN_MAX_CORES; i++)
		m->timer[i] = TWIN_TIME_NEVER;
	m->soc = config ? config->soc : defaults.soc;
	m->twin = twin_create(config ? config : &defaults, &ops, m);
	if (!m->low || !m->high || !m->twin)
		abort();
	m->directory = TABLES_ADDR;
	m->next_table = TABLES_ADDR + PAGE;
	map_area(m, CMD_IOVA, CMD_ADDR, PROT_R);
	map_area(m, IN_IOVA, IN_ADDR, PROT_R);
	map_area(m, OUT_IOVA, OUT_ADDR, PROT_RW);
	return m;
}

struct machine *machine_default(void)
{
	struct machine *m = machine_create(NULL, false);
	unsigned int i;

	for (i = 0; i < TWIN_MAX_CORES; i++)
		enable_banks(m, i);
	return m;
}

struct machine *machine_of(const char *soc)
{
	struct twin_config config;
	struct machine *m;
	unsigned int i;

	twin_config_init(&config);
	config.soc = twin_soc_find(soc);
	config.cores = config.soc->cores;
	m = machine_create(&config, false);
	for (i = 0; i < config.cores; i++)
		enable_banks(m, i);
	return m;
}

void machine_destroy(struct machine *m)
{
	if (!CHECK_EQ(ctl_rd(m, TWIN_ERROR_UNACKED), 0))
		printf("# last: %s\n", m->log_last);
	twin_destroy(m->twin);
	free(m->low);
	free(m->high);
	free(m);
}

/* ---- Time ---- */

/* Advance the clock to the next timer if that is not later than @end. */
static bool fire_next(struct machine *m, uint64_t end)
{
	unsigned int i, next = 0;

	for (i = 1; i < TWIN_MAX_CORES; i++)
		if (m->timer[i] < m->timer[next])
			next = i;
	if (m->timer[next] > end)
		return false;
	if (m->timer[next] > m->now)
		m->now = m->timer[next];
	m->timer[next] = TWIN_TIME_NEVER;
	twin_timer(m->twin, next);
	return true;
}

void machine_run(struct machine *m, uint64_t ns)
{
	uint64_t end = m->now + ns;

	while (fire_next(m, end))
		;
	m->now = end;
}

bool machine_run_to_irq(struct machine *m, unsigned int core)
{
	uint64_t end = m->now + SECOND_NS;

	while (!m->irq[core] && fire_next(m, end))
		;
	if (!m->irq[core])
		m->now = end;
	return m->irq[core];
}

/* ---- Registers ---- */

uint32_t rd(struct machine *m, unsigned int core, uint32_t offset)
{
	return twin_core_read(m->twin, core, offset, 4);
}

void wr(struct machine *m, unsigned int core, uint32_t offset, uint32_t value)
{
	twin_core_write(m->twin, core, offset, value, 4);
}

uint32_t ctl_rd(struct machine *m, uint32_t offset)
{
	return twin_ctl_read(m->twin, offset, 4);
}

void ctl_wr(struct machine *m, uint32_t offset, uint32_t value)
{
	twin_ctl_write(m->twin, offset, value, 4);
}

void reset_wr(struct machine *m, uint32_t value)
{
	twin_reset_write(m->twin, 0, value, 4);
}

uint32_t core_stat(struct machine *m, unsigned int core, uint32_t which)
{
	return ctl_rd(m, TWIN_CORE_STAT(core) + which);
}

unsigned int bank_count(unsigned int core)
{
	return core ? 1 : 2;
}

uint32_t bank_offset(unsigned int core, unsigned int bank)
{
	return core || bank ? 0xa000 : 0x9000;
}

uint32_t read_bank(unsigned int core)
{
	return bank_offset(core, 0);
}

uint32_t write_bank(unsigned int core)
{
	return bank_offset(core, bank_count(core) - 1);
}

/* ---- Memory ---- */

uint8_t *ram(struct machine *m, uint64_t addr)
{
	uint8_t *p = find_ram(m, addr, 1);

	if (!p)
		abort();
	return p;
}

uint32_t entry_of(uint64_t addr)
{
	return (addr & RK_IOMMU_ENTRY_PA_31_12) | (addr >> 32 & 0xf) << 8 | (addr >> 36 & 0xf) << 4;
}

static void store32(uint8_t *p, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		p[i] = value >> (8 * i);
}

static uint64_t table_of(struct machine *m, uint32_t iova)
{
	uint8_t *dte = ram(m, m->directory) + (iova >> RK_IOMMU_DIR_SHIFT) * 4;
	uint64_t table;

	if (dte[0] & RK_IOMMU_ENTRY_VALID) {
		table = (uint64_t)dte[3] << 24 | dte[2] << 16 | (dte[1] & 0xf0) << 8;
		return table | (uint64_t)(dte[1] & 0xf) << 32 | (uint64_t)(dte[0] >> 4) << 36;
	}
	table = m->next_table;
	m->next_table += PAGE;
	store32(dte, entry_of(table) | RK_IOMMU_ENTRY_VALID);
	return table;
}

void set_entry(struct machine *m, uint32_t iova, uint32_t entry)
{
	uint32_t index = (iova >> RK_IOMMU_PAGE_SHIFT) % RK_IOMMU_TABLE_ENTRIES;

	store32(ram(m, table_of(m, iova)) + index * 4, entry);
}

void map_page(struct machine *m, uint32_t iova, uint64_t addr, uint32_t prot)
{
	set_entry(m, iova, entry_of(addr) | prot | RK_IOMMU_ENTRY_VALID);
}

void unmap_page(struct machine *m, uint32_t iova)
{
	set_entry(m, iova, 0);
}

void enable_banks(struct machine *m, unsigned int core)
{
	unsigned int i;

	for (i = 0; i < 2 && m->soc->banks[core][i]; i++) {
		uint32_t bank = m->soc->banks[core][i];

		wr(m, core, bank + RK_IOMMU_DTE_ADDR, entry_of(m->directory) | RK_IOMMU_ENTRY_VALID);
		wr(m, core, bank + RK_IOMMU_COMMAND, RK_IOMMU_COMMAND_ZAP_CACHE);
		wr(m, core, bank + RK_IOMMU_INT_MASK, RK_IOMMU_INT_PAGE_FAULT | RK_IOMMU_INT_BUS_ERROR);
		wr(m, core, bank + RK_IOMMU_COMMAND, RK_IOMMU_COMMAND_ENABLE_PAGING);
	}
}

/* ---- Streams ---- */

struct stream stream_at(struct machine *m, uint32_t iova)
{
	return (struct stream){ .m = m, .iova = iova };
}

void stream_raw(struct stream *s, uint64_t word)
{
	uint8_t *p = ram(s->m, CMD_ADDR + (s->iova - CMD_IOVA) + s->words * WORD_BYTES);

	store32(p, word);
	store32(p + 4, word >> 32);
	s->words++;
}

void stream_write(struct stream *s, uint32_t offset, uint32_t value)
{
	static const uint16_t target[] = {
		RKNPU_TARGET_PC, RKNPU_TARGET_CNA, 0, RKNPU_TARGET_CORE,
		RKNPU_TARGET_DPU, RKNPU_TARGET_DPU_RDMA, RKNPU_TARGET_PPU, RKNPU_TARGET_PPU_RDMA,
	};

	stream_raw(s, RKNPU_REGCMD(target[offset >> 12], offset, value));
}

static void stream_tail(struct stream *s, uint32_t enable, uint64_t link, uint32_t amount)
{
	stream_raw(s, link);
	stream_write(s, RKNPU_PC_REGISTER_AMOUNTS, amount);
	stream_raw(s, RKNPU_REGCMD(RKNPU_TARGET_SEPARATOR, 0, 0));
	stream_raw(s, RKNPU_REGCMD(RKNPU_TARGET_OP_ENABLE, RKNPU_OPERATION_ENABLE, enable));
}

void stream_end(struct stream *s, uint32_t enable)
{
	stream_tail(s, enable, 0, 0);
}

void stream_chain(struct stream *s, uint32_t enable, uint32_t next, unsigned int next_words)
{
	stream_tail(s, enable, RKNPU_REGCMD(RKNPU_TARGET_PC, RKNPU_PC_BASE_ADDRESS, next),
		    RKNPU_PC_AMOUNT(next_words, s->m->soc->words_per_amount));
}

void stream_copy(struct stream *s, uint32_t in, uint32_t out, uint32_t bytes, uint8_t key, uint32_t macs)
{
	stream_write(s, RKNPU_DPU_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	stream_write(s, RKNPU_CNA_FEATURE_DATA_ADDR, in);
	stream_write(s, RKNPU_DPU_DST_BASE_ADDR, out);
	stream_write(s, RKNPU_CNA_DATA_SIZE0, bytes);
	stream_write(s, RKNPU_DPU_OUT_CVT_OFFSET, key);
	stream_write(s, RKNPU_CNA_WEIGHT_SIZE0, macs);
}

/* ---- Kicks ---- */

void program_kick(struct machine *m, unsigned int core, const struct kick *kick)
{
	uint32_t pointer = RKNPU_S_POINTER_PINGPONG | core << 28;

	wr(m, core, RKNPU_PC_BASE_ADDRESS, RKNPU_PC_BASE_ADDRESS_PC_SEL);
	wr(m, core, RKNPU_CNA_S_POINTER, pointer);
	wr(m, core, RKNPU_CORE_S_POINTER, pointer);
	wr(m, core, RKNPU_PC_BASE_ADDRESS, kick->addr);
	wr(m, core, RKNPU_PC_REGISTER_AMOUNTS,
	   RKNPU_PC_AMOUNT(kick->words - RKNPU_REGCMD_TAIL_WORDS, m->soc->words_per_amount));
	wr(m, core, RKNPU_PC_INTERRUPT_MASK, kick->int_mask);
	wr(m, core, RKNPU_PC_INTERRUPT_CLEAR, kick->int_mask);
	wr(m, core, RKNPU_PC_TASK_CON,
	   m->soc->task_count_clear | (kick->pingpong ? m->soc->task_pp_en : 0) | kick->tasks);
	wr(m, core, RKNPU_PC_TASK_DMA_BASE_ADDR, 0);
}

void start_kick(struct machine *m, unsigned int core, const struct kick *kick)
{
	program_kick(m, core, kick);
	wr(m, core, RKNPU_PC_OPERATION_ENABLE, 1);
	wr(m, core, RKNPU_PC_OPERATION_ENABLE, 0);
}

struct kick simple_kick(struct machine *m)
{
	struct stream s = stream_at(m, CMD_IOVA);
	unsigned int i;

	for (i = 0; i < COPY_BYTES; i++)
		*ram(m, IN_ADDR + i) = i;
	clear_output(m);
	stream_copy(&s, IN_IOVA, OUT_IOVA, COPY_BYTES, COPY_KEY, 0);
	stream_end(&s, ENABLE_CONV);
	return (struct kick){
		.addr = CMD_IOVA, .words = s.words, .tasks = 1, .int_mask = RKNPU_INT_DPU, .pingpong = true,
	};
}

bool simple_kick_done(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < COPY_BYTES; i++)
		if (*ram(m, OUT_ADDR + i) != (i ^ COPY_KEY))
			return false;
	return true;
}

void clear_output(struct machine *m)
{
	memset(ram(m, OUT_ADDR), 0xee, AREA_PAGES * PAGE);
}

void core_reset(struct machine *m, unsigned int core)
{
	reset_wr(m, 1u << TWIN_RESET_LINE_A(core) | 1u << TWIN_RESET_LINE_H(core));
	machine_run(m, RESET_NS);
	reset_wr(m, 0);
}
