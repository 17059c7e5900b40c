// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: One process that uses the NPU: its address spaces, of which there are up to 16, and
 * the tokens of its buffers. Address spaces belong to the process and not to the open
 * file, because deployed programs pass NPU addresses between their own files. A process
 * is identified by its memory, &struct mm_struct: all threads are the same client, and so
 * is a child created by vfork(). A forked child is another one, and so is the program that
 * execve() puts in place of a process, which may have more rights than the old one.
 * Nothing here can be reached from another process.
 *
 * A token is an opaque number that cannot be guessed: an index times 16, with 35 random bits
 * above. It is looked up, never dereferenced. The lowest free index is used, so that a lookup
 * reads few cache lines; the random bits tell a token from an earlier one with its index.
 */
#include "rknpu_client.h"

#include <linux/bitfield.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "rknpu_vm.h"

/* The top bit is clear, so a token never looks like a kernel address; token + 8 is never another token. */
#define RKNPU_TOKEN_RANDOM GENMASK_ULL(62, 28)
#define RKNPU_TOKEN_INDEX GENMASK_ULL(27, 4)

static unsigned long long rknpu_client_max_bytes;
module_param_named(client_max_bytes, rknpu_client_max_bytes, ullong, 0644);
MODULE_PARM_DESC(client_max_bytes, "Bytes of buffers that one process may have; imported ones count too (default 0: no limit)");

/**
 * rknpu_clients_init() - initialize an empty list of clients
 * @clients: zeroed
 * @dev: a core, or NULL without an IOMMU
 * @sink: receives faults of all address spaces
 * @free_entity: frees &rknpu_client.entity of a client that goes away. Context: Process context.
 * @per_file: true to isolate files of one process from each other, too
 */
void rknpu_clients_init(struct rknpu_clients *clients, struct device *dev, struct rknpu_fault_sink *sink,
			void (*free_entity)(struct rknpu_entity *entity), bool per_file)
{
	mutex_init(&clients->lock);
	INIT_LIST_HEAD(&clients->list);
	clients->dev = dev;
	clients->sink = sink;
	clients->free_entity = free_entity;
	clients->per_file = per_file;
}

/**
 * rknpu_clients_fini() - release the list of clients
 * @clients: the list; empty, because the last open file is gone
 */
void rknpu_clients_fini(struct rknpu_clients *clients)
{
	WARN_ON(!list_empty(&clients->list));
	mutex_destroy(&clients->lock);
}

static void rknpu_client_release_work(struct work_struct *work);

static struct rknpu_client *rknpu_client_create_locked(struct rknpu_clients *clients)
{
	struct rknpu_client *client = kzalloc(sizeof(*client), GFP_KERNEL_ACCOUNT);

	lockdep_assert_held(&clients->lock);
	if (!client)
		return ERR_PTR(-ENOMEM);
	/* Keeps the first node of the table, or a client with few buffers would allocate it again and again. */
	xa_init_flags(&client->tokens, XA_FLAGS_ALLOC);
	if (xa_reserve(&client->tokens, 0, GFP_KERNEL_ACCOUNT)) {
		kfree(client);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&client->ref);
	client->clients = clients;
	mutex_init(&client->lock);
	INIT_WORK(&client->release_work, rknpu_client_release_work);
	client->mm = current->mm;
	mmgrab(client->mm);
	client->tgid = get_pid(task_tgid(current));
	get_task_comm(client->comm, current->group_leader);
	list_add(&client->node, &clients->list);
	return client;
}

/**
 * rknpu_client_get_current() - get the client of the calling process
 * @clients: clients of the device
 *
 * Context: Process context. May sleep. Takes clients->lock.
 *
 * Return: the client with a reference, created if there is none yet, or ERR_PTR(-ENOMEM).
 */
struct rknpu_client *rknpu_client_get_current(struct rknpu_clients *clients)
{
	struct rknpu_client *client;

	mutex_lock(&clients->lock);
	list_for_each_entry(client, &clients->list, node) {
		if (!clients->per_file && client->mm == current->mm &&
		    kref_get_unless_zero(&client->ref))
			goto unlock;
	}
	client = rknpu_client_create_locked(clients);
unlock:
	mutex_unlock(&clients->lock);
	return client;
}

static void rknpu_client_destroy(struct rknpu_client *client)
{
	unsigned int i;

	mutex_lock(&client->clients->lock);
	list_del(&client->node);
	mutex_unlock(&client->clients->lock);
	for (i = 0; i < RKNPU_MAX_DOMAINS; i++)
		rknpu_vm_put(client->vms[i]);
	/* Every file closes its handles before it releases the client. */
	xa_release(&client->tokens, 0);
	WARN_ON(!xa_empty(&client->tokens));
	WARN_ON(atomic64_read(&client->bytes) || atomic_read(&client->buffers));
	xa_destroy(&client->tokens);
	put_pid(client->tgid);
	mmdrop(client->mm);
	if (client->entity)
		client->clients->free_entity(client->entity);
	mutex_destroy(&client->lock);
	kfree(client);
}

static void rknpu_client_release_work(struct work_struct *work)
{
	rknpu_client_destroy(container_of(work, struct rknpu_client, release_work));
}

static void rknpu_client_last_put(struct kref *ref)
{
	/* Empty: the callers destroy the client in different contexts. */
}

/**
 * rknpu_client_put() - drop a reference
 * @client: the client, or NULL
 *
 * Context: Process context. May sleep. Takes clients->lock.
 */
void rknpu_client_put(struct rknpu_client *client)
{
	if (client && kref_put(&client->ref, rknpu_client_last_put))
		rknpu_client_destroy(client);
}

/**
 * rknpu_client_put_atomic() - drop a reference where sleeping is not allowed
 * @client: the client
 * @wq: workqueue to destroy the client on, if this was the last reference
 *
 * Context: Any context.
 */
void rknpu_client_put_atomic(struct rknpu_client *client, struct workqueue_struct *wq)
{
	if (kref_put(&client->ref, rknpu_client_last_put))
		queue_work(wq, &client->release_work);
}

/**
 * rknpu_client_vm_create() - rknpu_client_vm() for a space that does not exist, or did not
 * @client: the client
 * @domain_id: below RKNPU_MAX_DOMAINS
 *
 * Return: same as there.
 */
struct rknpu_vm *rknpu_client_vm_create(struct rknpu_client *client, u32 domain_id)
{
	struct rknpu_vm *vm;

	mutex_lock(&client->lock);
	vm = client->vms[domain_id];
	if (!vm) {
		vm = rknpu_vm_create(client->clients->dev, client->clients->sink);
		if (!IS_ERR(vm)) {
			/* Pairs with the acquire in rknpu_client_vm(). */
			smp_store_release(&client->vms[domain_id], vm);
		}
	}
	mutex_unlock(&client->lock);
	return vm;
}

/**
 * rknpu_client_mark_reset() - make the client's next job on each core start from reset registers
 * @client: the client
 *
 * Context: Any context.
 */
void rknpu_client_mark_reset(struct rknpu_client *client)
{
	unsigned int i;

	for (i = 0; i < RKNPU_MAX_DOMAINS; i++) {
		/* Pairs with the release in rknpu_client_vm(). A space that is created later has run nothing yet. */
		struct rknpu_vm *vm = smp_load_acquire(&client->vms[i]);

		if (vm)
			atomic_inc(&vm->resets);
	}
}

/**
 * rknpu_client_charge() - account for a buffer that is about to be mapped
 * @client: the client
 * @bytes: its size
 *
 * The pages themselves are charged to the memory cgroup; this limits use of the device.
 *
 * Context: Any context.
 *
 * Return: 0 on success, -ENOMEM if the client would exceed its limit.
 */
int rknpu_client_charge(struct rknpu_client *client, u64 bytes)
{
	u64 limit = READ_ONCE(rknpu_client_max_bytes);

	if (atomic64_add_return(bytes, &client->bytes) > limit && limit) {
		atomic64_sub(bytes, &client->bytes);
		return -ENOMEM;
	}
	atomic_inc(&client->buffers);
	return 0;
}

/**
 * rknpu_client_uncharge() - account for a buffer that was unmapped
 * @client: the client
 * @bytes: same size as charged
 */
void rknpu_client_uncharge(struct rknpu_client *client, u64 bytes)
{
	atomic64_sub(bytes, &client->bytes);
	atomic_dec(&client->buffers);
}

/* Random, and never zero in the upper half: SUBMIT uses that to recognize programs of old interfaces. */
static u64 rknpu_client_token_draw(void)
{
	u64 random;

	do
		random = get_random_u64() & RKNPU_TOKEN_RANDOM;
	while (!upper_32_bits(random));
	return random;
}

/**
 * rknpu_client_token_add() - assign a token to an object, so it can be looked up
 * @client: the client
 * @token: embedded in the object, which must be freed only after an RCU grace period; set to the new value
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, -ENOMEM if out of memory, -EBUSY if 2^24 tokens exist.
 */
int rknpu_client_token_add(struct rknpu_client *client, struct rknpu_token *token)
{
	u32 index;
	int ret;

	/* Set before it can be found. The index is not known until then, and is added before the value is shown. */
	token->value = rknpu_client_token_draw();
	ret = xa_alloc(&client->tokens, &index, token, XA_LIMIT(1, FIELD_MAX(RKNPU_TOKEN_INDEX)), GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	WRITE_ONCE(token->value, token->value | FIELD_PREP(RKNPU_TOKEN_INDEX, index));
	return 0;
}

/**
 * rknpu_client_token_remove() - invalidate a token
 * @client: the client
 * @token: token added by rknpu_client_token_add()
 */
void rknpu_client_token_remove(struct rknpu_client *client, const struct rknpu_token *token)
{
	xa_erase(&client->tokens, FIELD_GET(RKNPU_TOKEN_INDEX, token->value));
}

/**
 * rknpu_client_token_find() - look up a token
 * @client: the client
 * @value: any value from user space
 *
 * Context: RCU read side. Takes no lock, so a submit never waits for another thread's MEM_CREATE.
 *
 * Return: the token that was added, or NULL. The caller must still take a reference to its object.
 */
struct rknpu_token *rknpu_client_token_find(struct rknpu_client *client, u64 value)
{
	struct rknpu_token *token = xa_load(&client->tokens, FIELD_GET(RKNPU_TOKEN_INDEX, value));

	if (!token || (READ_ONCE(token->value) ^ value) & ~RKNPU_TOKEN_INDEX)
		return NULL;
	return token;
}
