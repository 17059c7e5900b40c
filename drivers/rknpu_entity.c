// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: What the scheduler keeps for a client, and when that begins and ends. A client that
 * only allocates buffers never has one: it comes with the first submit, and goes with the client.
 */
#include "rknpu_entity.h"

#include <linux/compiler.h>
#include <linux/slab.h>

#include "rknpu_client.h"
#include "rknpu_sched.h"

/* Number kept for bursts; they are charged to the memory cgroup of the process that allocated them. */
#define RKNPU_ENTITY_MAX_SPARES 64

/**
 * struct rknpu_spare - unused memory of a job
 * @next: next one in the list.
 */
struct rknpu_spare {
	struct rknpu_spare *next;
};

static struct rknpu_entity *rknpu_entity_alloc(void)
{
	struct rknpu_entity *entity = kzalloc(sizeof(*entity), GFP_KERNEL_ACCOUNT);
	unsigned int i, j;

	if (!entity)
		return NULL;
	INIT_LIST_HEAD(&entity->unstarted);
	INIT_LIST_HEAD(&entity->busy);
	INIT_LIST_HEAD(&entity->penance);
	entity->waits = RB_ROOT;
	for (i = 0; i < RKNPU_QUEUE_LEVELS; i++) {
		for (j = 0; j < RKNPU_QUEUE_CLASSES; j++)
			INIT_LIST_HEAD(&entity->level[i].jobs[j]);
	}
	spin_lock_init(&entity->spare_lock);
	return entity;
}

/**
 * rknpu_entity_create() - rknpu_entity_of() for a client that has none, or had none
 * @client: the client
 *
 * Return: same as there.
 */
struct rknpu_entity *rknpu_entity_create(struct rknpu_client *client)
{
	struct rknpu_entity *entity = rknpu_entity_alloc();
	struct rknpu_entity *other;

	if (!entity)
		return NULL;
	/* Pairs with rknpu_entity_of(). */
	other = cmpxchg(&client->entity, NULL, entity);
	if (!other)
		return entity;
	rknpu_entity_free(entity);
	return other;
}

/**
 * rknpu_entity_free() - free what the scheduler has kept for a client
 * @entity: the entity; its client has no jobs
 */
void rknpu_entity_free(struct rknpu_entity *entity)
{
	void *spare;

	while ((spare = rknpu_entity_take_spare(entity)))
		kfree(spare);
	kfree(entity);
}

static void *rknpu_entity_take_listed(struct rknpu_entity *entity)
{
	struct rknpu_spare *spare;
	unsigned long flags;

	if (!READ_ONCE(entity->spares))
		return NULL;
	spin_lock_irqsave(&entity->spare_lock, flags);
	spare = entity->spares;
	if (spare) {
		WRITE_ONCE(entity->spares, spare->next);
		entity->num_spares--;
	}
	spin_unlock_irqrestore(&entity->spare_lock, flags);
	return spare;
}

static bool rknpu_entity_give_listed(struct rknpu_entity *entity, struct rknpu_spare *spare)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&entity->spare_lock, flags);
	taken = entity->num_spares < RKNPU_ENTITY_MAX_SPARES;
	if (taken) {
		spare->next = entity->spares;
		WRITE_ONCE(entity->spares, spare);
		entity->num_spares++;
	}
	spin_unlock_irqrestore(&entity->spare_lock, flags);
	return taken;
}

/**
 * rknpu_entity_take_spare() - take memory of a finished job
 * @entity: what the scheduler keeps for the client
 *
 * Context: Any context.
 *
 * Return: memory with its old contents, or NULL.
 */
void *rknpu_entity_take_spare(struct rknpu_entity *entity)
{
	/* Enough for one job after another, and a third of the instructions. Pairs with rknpu_entity_give_spare(). */
	void *memory = READ_ONCE(entity->spare) ? xchg_acquire(&entity->spare, NULL) : NULL;

	return memory ?: rknpu_entity_take_listed(entity);
}

/**
 * rknpu_entity_give_spare() - keep memory of a job for the next one
 * @entity: what the scheduler keeps for the client
 * @memory: memory of a job, from kmalloc()
 *
 * Context: Any context.
 *
 * Return: true if it was taken; false if there is enough of it and the caller keeps it.
 */
bool rknpu_entity_give_spare(struct rknpu_entity *entity, void *memory)
{
	if (!READ_ONCE(entity->spare) && !cmpxchg_release(&entity->spare, NULL, memory))
		return true;
	return rknpu_entity_give_listed(entity, memory);
}
