/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_CLIENT_H
#define RKNPU_CLIENT_H

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "rknpu_hw.h"

struct device;
struct mm_struct;
struct pid;
struct rknpu_entity;
struct rknpu_fault_sink;
struct rknpu_vm;

#define RKNPU_MAX_DOMAINS 16 /* iommu_domain_id 0..15 of the deployed interface */

/**
 * struct rknpu_clients - all processes that use the device
 * @lock: protects @list. Outermost lock.
 * @list: list of &struct rknpu_client.
 * @dev: a core, to create address spaces for; NULL without an IOMMU. Valid while the device is plugged.
 * @sink: receives faults of all address spaces. Immutable.
 * @free_entity: frees what the scheduler keeps for a client. Immutable.
 * @per_file: every open file is a client of its own. Immutable.
 */
struct rknpu_clients {
	struct mutex lock;
	struct list_head list;
	struct device *dev;
	struct rknpu_fault_sink *sink;
	void (*free_entity)(struct rknpu_entity *entity);
	bool per_file;
};

/**
 * struct rknpu_token - a number that identifies the structure it is embedded in
 * @value: the number; read under RCU without a lock. Immutable once it has been added.
 */
struct rknpu_token {
	u64 value;
};

/**
 * struct rknpu_client - one process
 * @ref: held by each open file bound to it and by each job.
 * @node: entry in the device's list; clients->lock.
 * @clients: the list. Immutable.
 * @lock: protects writes to @vms.
 * @mm: memory of the process. Identity only, never accessed; a reference prevents it from being reused.
 *	Immutable.
 * @tgid: process ID, for messages; holds a reference. Immutable.
 * @comm: name of the process at creation, for messages. Immutable.
 * @tokens: index -> &struct rknpu_token; read under RCU; has a lock of its own. Index 0 is reserved.
 * @vms: address spaces by domain ID, created on first use; read without a lock, never cleared.
 * @entity: what the scheduler keeps for it; allocated by its first submit, freed with the client. Read
 *	without a lock, never replaced.
 * @release_work: releases the client if the last reference is dropped in an interrupt.
 * @bytes: size of all buffers mapped here, counted once for each address space. Atomic.
 * @buffers: number of these buffers. Atomic.
 * @amounts: values of the byte counters when this client last cleared them, by kind. Not locked.
 * @domain_id: domain chosen with SET_IOMMU_DOMAIN_ID; used in place of ID 0. Atomic.
 */
struct rknpu_client {
	struct kref ref;
	struct list_head node;
	struct rknpu_clients *clients;
	struct mutex lock;
	struct mm_struct *mm;
	struct pid *tgid;
	char comm[TASK_COMM_LEN];
	struct xarray tokens;
	struct rknpu_vm *vms[RKNPU_MAX_DOMAINS];
	struct rknpu_entity *entity;
	struct work_struct release_work;
	atomic64_t bytes;
	atomic_t buffers;
	u32 amounts[RKNPU_AMOUNT_KINDS];
	u32 domain_id;
};

void rknpu_clients_init(struct rknpu_clients *clients, struct device *dev, struct rknpu_fault_sink *sink,
			void (*free_entity)(struct rknpu_entity *entity), bool per_file);
void rknpu_clients_fini(struct rknpu_clients *clients);
struct rknpu_client *rknpu_client_get_current(struct rknpu_clients *clients);
void rknpu_client_put(struct rknpu_client *client);
void rknpu_client_put_atomic(struct rknpu_client *client, struct workqueue_struct *wq);
struct rknpu_vm *rknpu_client_vm_create(struct rknpu_client *client, u32 domain_id);
void rknpu_client_mark_reset(struct rknpu_client *client);

int rknpu_client_charge(struct rknpu_client *client, u64 bytes);
void rknpu_client_uncharge(struct rknpu_client *client, u64 bytes);

int rknpu_client_token_add(struct rknpu_client *client, struct rknpu_token *token);
void rknpu_client_token_remove(struct rknpu_client *client, const struct rknpu_token *token);
struct rknpu_token *rknpu_client_token_find(struct rknpu_client *client, u64 value);

/**
 * rknpu_client_get() - take a reference
 * @client: the client; the caller holds a reference
 *
 * Return: @client.
 */
static inline struct rknpu_client *rknpu_client_get(struct rknpu_client *client)
{
	kref_get(&client->ref);
	return client;
}

/**
 * rknpu_client_vm() - get an address space of a client
 * @client: the client
 * @domain_id: 0..15; 0 selects the domain chosen with SET_IOMMU_DOMAIN_ID
 *
 * The device must be plugged.
 *
 * Context: Process context. On first use may sleep and takes client->lock; takes no lock after that.
 *
 * Return: the space, alive as long as @client, or an ERR_PTR: -EINVAL or -ENOMEM.
 */
static inline struct rknpu_vm *rknpu_client_vm(struct rknpu_client *client, u32 domain_id)
{
	struct rknpu_vm *vm;

	if (!domain_id)
		domain_id = READ_ONCE(client->domain_id);
	if (domain_id >= RKNPU_MAX_DOMAINS)
		return ERR_PTR(-EINVAL);
	/* Pairs with rknpu_client_vm_create(): code that sees the pointer also sees the space initialized. */
	vm = smp_load_acquire(&client->vms[domain_id]);
	return likely(vm) ? vm : rknpu_client_vm_create(client, domain_id);
}

#endif /* RKNPU_CLIENT_H */
