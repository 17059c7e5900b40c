/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_CLIENT_H
#define RKNPU_CLIENT_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "rknpu_hw.h"

struct device;
struct mm_struct;
struct pid;
struct rknpu_fault_sink;
struct rknpu_spare;
struct rknpu_turns;
struct rknpu_vm;

/* Kinds of jobs that are told apart, as a power of two. */
#define RKNPU_CLIENT_KIND_BITS	4

#define RKNPU_MAX_DOMAINS 16	/* iommu_domain_id 0..15 of the deployed interface */

/**
 * struct rknpu_clients - all processes that use the device
 * @lock: protects @list. Outermost.
 * @list: of &struct rknpu_client.
 * @dev: a core, to make address spaces for; NULL when no IOMMU translates. Valid while the device
 *	is plugged.
 * @sink: receives their faults. Immutable.
 * @per_file: every open is a client of its own. Immutable.
 */
struct rknpu_clients {
	struct mutex lock;
	struct list_head list;
	struct device *dev;
	struct rknpu_fault_sink *sink;
	bool per_file;
};

/**
 * struct rknpu_token - a number that stands for what it is part of
 * @value: the number; read under RCU without a lock. Immutable once it has been added.
 */
struct rknpu_token {
	u64 value;
};

/**
 * struct rknpu_client - one process
 * @ref: each open file bound to it, each job.
 * @node: entry of the device's list; clients->lock.
 * @clients: the list. Immutable.
 * @lock: protects @vms (writers).
 * @mm: its memory; identity, kept alive, so never reused while we look. Never looked into. Immutable.
 * @tgid: its number, for messages; kept alive. Immutable.
 * @comm: its name when it came, for messages. Immutable.
 * @next_token: where the next token is looked for, so that a freed one is not reused soon. The
 *	lock of @tokens.
 * @tokens: index -> &struct rknpu_token; read under RCU; it has a lock of its own.
 * @vms: address spaces by domain id, made on first use; read without a lock, never cleared.
 * @turns: queued jobs, for the scheduler; made on first use, freed with the client. Plain memory.
 * @spare_lock: protects @spares and @num_spares. Taken last, in hard interrupts too.
 * @spares: memory of jobs that are done, for the next ones, so that a client that submits one job
 *	after another allocates nothing.
 * @num_spares: how many.
 * @release_work: its end, where the last reference went away in an interrupt.
 * @usual_ns: how long its jobs of a kind used to take, see rknpu_poll.c; 0 = not known. Plain numbers.
 * @bytes: of all buffers that have an address here, once for each address space. Atomic.
 * @buffers: how many that are. Atomic.
 * @amounts: what the byte counters read when this client last cleared them, by kind. Plain numbers.
 * @domain_id: what SET_IOMMU_DOMAIN_ID chose; stands in for id 0. Atomic.
 */
struct rknpu_client {
	struct kref ref;
	struct list_head node;
	struct rknpu_clients *clients;
	struct mutex lock;
	struct mm_struct *mm;
	struct pid *tgid;
	char comm[TASK_COMM_LEN];
	u32 next_token;
	struct xarray tokens;
	struct rknpu_vm *vms[RKNPU_MAX_DOMAINS];
	struct rknpu_turns *turns;
	spinlock_t spare_lock;
	struct rknpu_spare *spares;
	unsigned int num_spares;
	struct work_struct release_work;
	u32 usual_ns[1 << RKNPU_CLIENT_KIND_BITS];
	atomic64_t bytes;
	atomic_t buffers;
	u32 amounts[RKNPU_AMOUNT_KINDS];
	u32 domain_id;
};

void rknpu_clients_init(struct rknpu_clients *clients, struct device *dev,
			struct rknpu_fault_sink *sink, bool per_file);
void rknpu_clients_fini(struct rknpu_clients *clients);
struct rknpu_client *rknpu_client_get_current(struct rknpu_clients *clients);
struct rknpu_client *rknpu_client_get(struct rknpu_client *client);
void rknpu_client_put(struct rknpu_client *client);
void rknpu_client_put_atomic(struct rknpu_client *client, struct workqueue_struct *wq);
void *rknpu_client_take_spare(struct rknpu_client *client);
bool rknpu_client_give_spare(struct rknpu_client *client, void *memory);
struct rknpu_vm *rknpu_client_vm(struct rknpu_client *client, u32 domain_id);
void rknpu_client_mark_reset(struct rknpu_client *client);

int rknpu_client_charge(struct rknpu_client *client, u64 bytes);
void rknpu_client_uncharge(struct rknpu_client *client, u64 bytes);

int rknpu_client_token_add(struct rknpu_client *client, struct rknpu_token *token);
void rknpu_client_token_remove(struct rknpu_client *client, const struct rknpu_token *token);
struct rknpu_token *rknpu_client_token_find(struct rknpu_client *client, u64 value);

#endif /* RKNPU_CLIENT_H */
