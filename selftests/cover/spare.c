// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The N-th allocation or copy of a task, which is the one to fail, is never one of
 * dma-debug's. It keeps the cache lines of mappings in a radix tree; with no memory for
 * a node it says "cacheline tracking ENOMEM" and turns itself off until the next boot
 * (kernel/dma/debug.c, add_dma_entry()), so that a later mistake would not be seen. No
 * driver can do anything about that, and nothing of it happens in a kernel that people use.
 */
#include <linux/kprobes.h>
#include <linux/sched.h>

#include "spare.h"

/* The number stays as it is until the function returns. An interrupt meanwhile does the same and puts back 0. */
static int spare_enter(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	unsigned int *nth = (unsigned int *)ri->data;

	*nth = READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
	return 0;
}

static int spare_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	WRITE_ONCE(current->fail_nth, *(unsigned int *)ri->data);
	return 0;
}

/* Of all that runs in the guest only dma-debug has such a tree, and its own functions are inlined. */
static struct kretprobe spare_probe = {
	.kp.symbol_name = "radix_tree_insert",
	.entry_handler = spare_enter,
	.handler = spare_return,
	.data_size = sizeof(unsigned int),
};

static bool spare_registered;

void spare_init(void)
{
	int ret = register_kretprobe(&spare_probe);

	spare_registered = !ret;
	if (ret)
		pr_notice("rknpu_cover: dma-debug may be turned off by fault injection: %d\n", ret);
}

void spare_exit(void)
{
	if (spare_registered)
		unregister_kretprobe(&spare_probe);
}
