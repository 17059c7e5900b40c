/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: internals of the twin: the state of a core and the calls between files.
 *
 * Lock order: outer lock (see twin.h), &twin_core.lock, &twin.error_lock. The
 * caller of a function that takes a &struct twin_core must hold its lock unless
 * noted otherwise.
 */
#ifndef TWIN_PRIV_H
#define TWIN_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "compute.h"
#include "island.h"
#include "rk_iommu_regs.h"
#include "rknpu_regcmd.h"
#include "rknpu_regs.h"
#include "rknpu_twin_regs.h"
#include "twin.h"

#define TWIN_NO_CORE		UINT32_MAX
#define TWIN_BLOCKS		8	/* address bits [14:12] of a block's registers */
#define TWIN_GROUPS		2
#define TWIN_BLOCK_WORDS	(RKNPU_BLOCK_BYTES / 4)
#define TWIN_DDMA_WORDS		16
#define TWIN_LINE_A		1u
#define TWIN_LINE_H		2u
#define TWIN_MAX_BANKS		2

#define TWIN_FIELD(mask, reg)	(((reg) & (mask)) / ((mask) & -(mask)))

/* Translation of one page; @generation distinguishes a live line from a zapped one. */
struct twin_tlb_line {
	uint32_t generation;
	uint32_t dte;
	uint32_t pte;
};

/**
 * struct twin_bank - one IOMMU bank
 * @offset: offset of its registers in the core window
 * @tlb: one line per IOVA page. Silicon has fewer lines, which only hides errors.
 */
struct twin_bank {
	uint32_t offset;
	uint32_t dte_addr;
	uint32_t fault_addr;
	uint32_t int_raw;
	uint32_t int_mask;
	uint32_t gating;
	uint32_t generation;
	bool paging;
	bool stalled;
	bool fault_active;
	bool fault_write;
	struct twin_tlb_line *tlb;
};

/**
 * struct twin_block - registers of one compute block
 * @mode: S_POINTER as written, without pointer and self-clearing bits
 * @pointer: group that writes go to and that the next task runs from
 */
struct twin_block {
	uint32_t reg[TWIN_GROUPS][TWIN_BLOCK_WORDS];
	uint32_t mode;
	unsigned int pointer;
	unsigned int executer;
};

/**
 * struct twin_lut - the DPU's lookup tables and their access port; not part of a group
 * @table, @entry: target of the next access to the port's data
 * @write: accesses to the port's data write; otherwise they are ignored
 * @written: an entry was written since reset
 */
struct twin_lut {
	int16_t value[RKNPU_DPU_LUT_TABLES][RKNPU_DPU_LUT_ENTRIES];
	uint32_t table;
	uint32_t entry;
	bool write;
	bool written;
};

/**
 * struct twin_pc - the command engine's registers
 * @lost: interrupts that do not raise the line until INTERRUPT_CLEAR is written (fault on demand)
 * @unseen: bits that INTERRUPT_RAW_STATUS does not show (fault on demand)
 */
struct twin_pc {
	uint32_t base_address;
	uint32_t amounts;
	uint32_t int_mask;
	uint32_t int_raw;
	uint32_t lost;
	uint32_t unseen;
	uint32_t task_con;
	uint32_t dma_base;
	uint32_t counter;
	uint32_t idle_status;
	bool used;
};

/* In the order of the registers */
enum twin_amount {
	TWIN_AMOUNT_DATA_WRITTEN,
	TWIN_AMOUNT_DATA_READ,
	TWIN_AMOUNT_WEIGHTS_READ,
	TWIN_AMOUNT_KINDS,
};

enum twin_phase {
	TWIN_IDLE,
	TWIN_FETCH,		/* next segment is read at due_ns */
	TWIN_EXECUTE,		/* current task ends at due_ns */
	TWIN_WORKER_BUSY,	/* current task waits until the worker has left a cancelled one */
	TWIN_WORKING,		/* worker computes the current task */
	TWIN_FINISH,		/* completion is raised at due_ns */
	TWIN_PARKED,		/* an access waits for its IOMMU bank */
	TWIN_HUNG,		/* no completion until reset */
};

/* How an access through the IOMMU ended */
enum twin_access {
	TWIN_ACCESS_OK,
	TWIN_ACCESS_FAULT,
	TWIN_ACCESS_BUS_ERROR,	/* there is no RAM at an address of the table walk */
	TWIN_ACCESS_NO_RAM,	/* there is no RAM at the translated address */
	TWIN_ACCESS_STALLED,
	TWIN_ACCESS_CANCELLED,
};

/**
 * struct twin_kick - the kick in flight
 * @retry: phase to return to from TWIN_PARKED
 * @due_ns: modelled time of the next step; the host may call late, but the model is exact
 * @task_ns: modelled length of the current task, without its fetch
 * @clock_mhz: the timing model when the kick started, as are the next three members
 * @linked: the segment supplied an address for the next one
 * @segment_addr: address of the current task's command words, @segment_words of them
 * @released_ns: when a late kick was released before its end, otherwise 0
 * @bad_pointer: the stream removed the core's number from an S_POINTER
 * @ran: RKNPU_ENABLE_* of all tasks so far
 * @last_group: for each block, the group of its last run
 */
struct twin_kick {
	enum twin_phase phase;
	enum twin_phase retry;
	uint64_t start_ns;
	uint64_t due_ns;
	uint64_t task_ns;
	uint64_t released_ns;
	uint32_t clock_mhz;
	uint32_t macs_per_cycle;
	uint32_t bytes_per_cycle;
	uint32_t overhead_ns;
	uint32_t fault;
	uint32_t fault_param;
	uint32_t enable;
	uint32_t segment_addr;
	uint32_t segment_words;
	uint32_t ran;
	unsigned int last_group[TWIN_BLOCKS];
	bool linked;
	bool bad_pointer;
};

/**
 * struct twin_work - one task as passed to the compute units
 * @busy: twin_work() owns @regs, @enable and @dma_base
 * @cancelled: the kick is gone; further accesses are refused
 * @stop: reason why the last access of the task was refused
 * @copy: in async mode, the registers at the start of the task; same for @lut
 */
struct twin_work {
	bool busy;
	bool cancelled;
	enum twin_access stop;
	bool stop_write;
	enum twin_compute_status status;
	struct twin_compute_result result;
	struct twin_unit_regs regs;
	uint32_t enable;
	uint32_t dma_base;
	uint32_t copy[TWIN_BLOCKS][TWIN_BLOCK_WORDS];
	int16_t lut[RKNPU_DPU_LUT_TABLES][RKNPU_DPU_LUT_ENTRIES];
};

struct twin_stats {
	uint32_t kicks;
	uint32_t tasks;
	uint32_t irqs;
	uint32_t resets;
	uint32_t faults;
	uint32_t zap_lines;
	uint32_t zap_alls;
	uint32_t dte_writes;
	uint64_t busy_ns;
	uint64_t start_ns;
	uint64_t end_ns;
};

/**
 * struct twin_lines - the two reset lines of a core
 * @asserted: TWIN_LINE_*
 * @both: all lines of the core were asserted at the same time since the last release
 */
struct twin_lines {
	uint32_t asserted;
	bool both;
	uint64_t both_ns;
	uint64_t release_ns;
};

struct twin_core {
	struct twin *twin;
	unsigned int index;
	pthread_mutex_t lock;
	struct twin_pc pc;
	struct twin_block block[TWIN_BLOCKS];
	struct twin_lut lut;
	uint32_t ddma[TWIN_DDMA_WORDS];
	uint32_t sdma[TWIN_DDMA_WORDS];
	uint32_t pointer_2000;
	uint32_t primed;	/* bit per register group */
	uint64_t amounts[TWIN_AMOUNT_KINDS];
	struct twin_bank bank[TWIN_MAX_BANKS];
	unsigned int banks;
	struct twin_kick kick;
	struct twin_work work;
	struct twin_stats stats;
	struct twin_lines lines;
	uint8_t *segment;
	/* Faults on demand */
	uint32_t fault_kind;
	uint32_t fault_param;
	uint32_t fault_count;
	uint32_t slow_ack_ms;
	bool unpowered;
	uint64_t settled_ns;
	bool unclocked;
	bool wedged;		/* the 1-in-4000 erratum; only a reset of all cores ends it */
	uint32_t late_raw;	/* raised at late_ns */
	uint64_t late_ns;
	/* Last values reported to the machine */
	uint64_t timer_ns;
	bool pc_level;
	bool line_level;
};

struct twin {
	struct twin_config config;
	const struct twin_soc *soc;
	const struct twin_timing *timing;
	struct twin_ops ops;
	void *opaque;
	struct twin_core core[TWIN_MAX_CORES];
	uint32_t clock_mhz;
	uint32_t macs_per_cycle;
	uint32_t bytes_per_cycle;
	uint32_t task_overhead_ns;
	uint32_t fault_core;
	uint32_t fault_kind;
	uint32_t fault_param;
	atomic_uint working;	/* cores whose task is being computed; any thread, no lock */
	atomic_uint moving;	/* cores with a task between its fetch and its end, in modelled time; no lock */
	uint32_t qos[RKNPU_QOS_BYTES / 4];
	struct twin_island island;
	pthread_mutex_t error_lock;
	uint32_t errors;
	uint32_t errors_acked;
	uint32_t error_last;
	unsigned int dumps;
};

static inline uint64_t twin_now(const struct twin *twin)
{
	return twin->ops.now_ns(twin->opaque);
}

/* twin.c: MACs per cycle after power-on */
uint32_t twin_macs_usual(const struct twin *twin);

/* error.c: may be called from any thread and with any of the library's locks held */
void twin_error(struct twin *twin, uint32_t code, uint32_t core, uint64_t addr, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void twin_error_ack(struct twin *twin, uint32_t count);
uint32_t twin_error_unacked(struct twin *twin);
/* Returns false and counts a guest error if the access is not 32 bits wide and aligned; it has no effect then. */
bool twin_access_is_word(struct twin *twin, uint32_t core, uint32_t offset, unsigned int bytes);

/* mmu.c */
bool twin_bank_create(struct twin_bank *bank, uint32_t offset);
void twin_bank_reset(struct twin_bank *bank);
uint32_t twin_bank_read(struct twin_core *core, struct twin_bank *bank, uint32_t offset);
void twin_bank_write(struct twin_core *core, struct twin_bank *bank, uint32_t offset, uint32_t value);
enum twin_access twin_bank_translate(struct twin_core *core, struct twin_bank *bank, uint32_t iova,
				     bool write, uint64_t *addr);
enum twin_access twin_bank_fault(struct twin_core *core, struct twin_bank *bank, uint32_t iova, bool write);
enum twin_access twin_bank_bus_error(struct twin_core *core, struct twin_bank *bank);

/* Translate by the tables of the first bank, ignoring its TLB lines; false if unmapped or paging is off */
bool twin_bank_peek(struct twin_core *core, uint32_t iova, uint64_t *addr);

/* dump.c: save the task that the units have just refused, if configured; outer lock held */
void twin_dump(struct twin_core *core, const char *reason);

/* dma.c */
enum twin_access twin_dma_fetch(struct twin_core *core, uint32_t addr, void *buf, size_t bytes);
extern const struct twin_dma twin_dma_template;	/* the opaque pointer is the core; lock not held */

/* amounts.c: the register functions return false if the register is not one of theirs */
void twin_amounts_add(struct twin_core *core, uint32_t addr, bool write, size_t bytes);
bool twin_amounts_read(struct twin_core *core, uint32_t offset, uint32_t *value);
bool twin_amounts_write(struct twin_core *core, uint32_t offset, uint32_t value);

/* blocks.c */
bool twin_block_decodes(uint32_t offset);
uint32_t twin_block_read(struct twin_core *core, uint32_t offset);
void twin_block_write(struct twin_core *core, uint32_t offset, uint32_t value);
void twin_blocks_reset(struct twin_core *core);
void twin_blocks_select(struct twin_core *core, struct twin_unit_regs *regs);
void twin_blocks_retire(struct twin_core *core, uint32_t enable);
bool twin_block_enabled(unsigned int block, uint32_t enable);
bool twin_block_owns_core_number(uint32_t offset);

/* pc.c */
uint32_t twin_pc_read(struct twin_core *core, uint32_t offset);
void twin_pc_write(struct twin_core *core, uint32_t offset, uint32_t value);
void twin_pc_reset(struct twin_core *core);
void twin_pc_set_base(struct twin_core *core, uint32_t value);

/* regcmd.c: run the words of a segment up to its op-enable word; returns false if there is none */
bool twin_regcmd_run(struct twin_core *core, const uint8_t *segment, size_t words);

/* kick.c */
void twin_kick_start(struct twin_core *core);
void twin_kick_stop(struct twin_core *core);
void twin_kick_release(struct twin_core *core);
bool twin_kick_has_accesses(const struct twin_core *core);
void twin_kick_advance(struct twin_core *core);
void twin_kick_wake(struct twin_core *core, uint64_t delay_ns);
void twin_kick_deny(struct twin_core *core);
void twin_kick_work_done(struct twin_core *core);
void twin_kick_compute(struct twin_core *core);	/* lock not held */

/* reset.c: outer lock only */
void twin_reset_set(struct twin_core *core, uint32_t asserted);

/* core.c */
bool twin_core_create(struct twin *twin, unsigned int index);
void twin_core_destroy(struct twin_core *core);
void twin_core_clear(struct twin_core *core);
void twin_core_settle(struct twin_core *core);	/* bring timer and interrupt line up to date */
void twin_core_raise(struct twin_core *core, uint32_t raw);
void twin_core_released(struct twin_core *core);	/* reset was released */

#endif /* TWIN_PRIV_H */
