/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the machine around a twin under test: RAM below and above 4 GiB, a clock
 * that only advances on request, interrupt lines, page tables, command streams.
 *
 * The compute units are replaced by a test double (fake-compute.c) that copies
 * bytes and reports a given number of MACs.
 */
#ifndef TWIN_TEST_MACHINE_H
#define TWIN_TEST_MACHINE_H

#include "rk_iommu_regs.h"
#include "rknpu_regcmd.h"
#include "rknpu_regs.h"
#include "rknpu_twin_regs.h"
#include "tap.h"
#include "twin.h"

#define LOW_ADDR	0x40000000ull
#define HIGH_ADDR	0xa540000000ull		/* uses bits 32 to 39 */
#define RAM_BYTES	0x400000u
#define SHMEM_ADDR	0x0010f000ull		/* shared with the firmware */
#define SHMEM_BYTES	0x100u

/* Device addresses that machine_create() maps for all cores, and their physical addresses */
#define CMD_IOVA	0x10000000u
#define CMD_ADDR	(LOW_ADDR + 0x100000)
#define IN_IOVA		0x20000000u
#define IN_ADDR		(LOW_ADDR + 0x200000)
#define OUT_IOVA	0xffc00000u
#define OUT_ADDR	(LOW_ADDR + 0x280000)
#define AREA_PAGES	16u
#define HOLE_IOVA	0x50000000u		/* never mapped */

#define PAGE		RK_IOMMU_PAGE_BYTES
#define PROT_R		RK_IOMMU_ENTRY_READABLE
#define PROT_W		RK_IOMMU_ENTRY_WRITABLE
#define PROT_RW		(PROT_R | PROT_W)

struct machine {
	const struct twin_soc *soc;
	struct twin *twin;
	uint8_t *low;
	uint8_t *high;
	uint64_t now;
	uint64_t timer[TWIN_MAX_CORES];
	bool irq[TWIN_LINES];
	unsigned int irq_rises[TWIN_LINES];
	uint8_t shmem[SHMEM_BYTES];
	uint32_t paused_ms;
	unsigned int log_lines;
	char log_last[256];
	unsigned int work_started[TWIN_MAX_CORES];
	uint64_t directory;
	uint64_t next_table;
};

/* ---- Creation; a NULL @config selects the defaults ---- */
struct machine *machine_create(const struct twin_config *config, bool async);
struct machine *machine_default(void);		/* banks enabled, no guest errors so far */
struct machine *machine_of(const char *soc);	/* same for another SoC than RK3588 */
void machine_destroy(struct machine *m);	/* checks that no guest error is unacknowledged */

/* ---- Time ---- */
void machine_run(struct machine *m, uint64_t ns);
bool machine_run_to_irq(struct machine *m, unsigned int core);	/* gives up after a virtual second */

/* ---- Registers ---- */
uint32_t rd(struct machine *m, unsigned int core, uint32_t offset);
void wr(struct machine *m, unsigned int core, uint32_t offset, uint32_t value);
uint32_t ctl_rd(struct machine *m, uint32_t offset);
void ctl_wr(struct machine *m, uint32_t offset, uint32_t value);
void reset_wr(struct machine *m, uint32_t value);
uint32_t core_stat(struct machine *m, unsigned int core, uint32_t which);
unsigned int bank_count(unsigned int core);
uint32_t bank_offset(unsigned int core, unsigned int bank);
uint32_t read_bank(unsigned int core);		/* offset of the bank that handles reads */
uint32_t write_bank(unsigned int core);

/* ---- Memory ---- */
uint8_t *ram(struct machine *m, uint64_t addr);
void map_page(struct machine *m, uint32_t iova, uint64_t addr, uint32_t prot);
void unmap_page(struct machine *m, uint32_t iova);
void set_entry(struct machine *m, uint32_t iova, uint32_t entry);
void enable_banks(struct machine *m, unsigned int core);
uint32_t entry_of(uint64_t addr);

/* ---- Streams ---- */
struct stream {
	struct machine *m;
	uint32_t iova;
	unsigned int words;
};

struct stream stream_at(struct machine *m, uint32_t iova);
void stream_raw(struct stream *s, uint64_t word);
void stream_write(struct stream *s, uint32_t offset, uint32_t value);
/* Add a tail without a successor, or one with a link to @next_words words at @next */
void stream_end(struct stream *s, uint32_t enable);
void stream_chain(struct stream *s, uint32_t enable, uint32_t next, unsigned int next_words);

/* Called at the beginning of each task, in the thread that computes it, unless NULL */
extern void (*fake_compute_hook)(void);
extern const struct twin_workers *_Atomic fake_compute_workers;

/* A task of the compute double: copies @bytes from @in to @out, XORing each byte with @key */
#define ENABLE_CONV	(RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE | RKNPU_ENABLE_DPU)
#define ENABLE_POOL	(RKNPU_ENABLE_PPU | RKNPU_ENABLE_PPU_RDMA)
#define COPY_WORDS	6u	/* words written by stream_copy(), without the tail */
void stream_copy(struct stream *s, uint32_t in, uint32_t out, uint32_t bytes, uint8_t key, uint32_t macs);

/* ---- Kicks, in the order of the vendor driver ---- */
struct kick {
	uint32_t addr;
	unsigned int words;	/* including the tail */
	unsigned int tasks;
	uint32_t int_mask;
	bool pingpong;
};

void program_kick(struct machine *m, unsigned int core, const struct kick *kick);	/* all but the start */
void start_kick(struct machine *m, unsigned int core, const struct kick *kick);
/* One copy task, 64 bytes, key 0x5a; and a check of its output */
struct kick simple_kick(struct machine *m);
bool simple_kick_done(struct machine *m);
void clear_output(struct machine *m);
void core_reset(struct machine *m, unsigned int core);

#endif /* TWIN_TEST_MACHINE_H */
