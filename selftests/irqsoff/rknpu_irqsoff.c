// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: For how long each place in the kernel keeps interrupts off. The kernel's irqsoff
 * tracer only has the longest time of all; this module hangs on the tracepoints of the
 * same functions and keeps one maximum per place, so that the driver's can be told from
 * the kernel's. Needs CONFIG_PREEMPTIRQ_TRACEPOINTS and a single processor.
 *
 * debugfs/rknpu_irqsoff has one line `nanoseconds place callers` per place, which is
 * either the function that switched interrupts on again, or an interrupt handler, whose
 * time is also part of that of the interrupt. Writing to the file starts anew.
 */
#include <linux/debugfs.h>
#include <linux/interrupt.h>
#include <linux/jhash.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/sched/clock.h>
#include <linux/seq_file.h>
#include <linux/stacktrace.h>
#include <linux/tracepoint.h>

/* Shorter times are not looked at, which would take longer. */
#define IRQSOFF_SHORT_NS	1000
#define IRQSOFF_PLACES		4096
/* Return addresses on the stack; the first are those of this module, the tracepoint and the lock */
#define IRQSOFF_FRAMES		14
/* So many tell places apart. More would have an interrupt for each place that it interrupts. */
#define IRQSOFF_KEY		6

/* All of this is only changed with interrupts off, and there is one processor. */
static struct irqsoff_place {
	unsigned long frames[IRQSOFF_FRAMES];
	u64 max_ns;	/* 0: unused */
} irqsoff_places[IRQSOFF_PLACES];
static unsigned long irqsoff_lost;
/* 0: interrupts are on, no handler runs */
static u64 irqsoff_since, irqsoff_handler_since;
static struct dentry *irqsoff_file;

static void irqsoff_note(const unsigned long *frames, u64 ns)
{
	u32 first = jhash(frames, IRQSOFF_KEY * sizeof(*frames), 0);
	unsigned int i;

	for (i = 0; i < IRQSOFF_PLACES; i++) {
		struct irqsoff_place *place = &irqsoff_places[(first + i) % IRQSOFF_PLACES];

		if (place->max_ns && memcmp(place->frames, frames, IRQSOFF_KEY * sizeof(*frames)))
			continue;
		if (ns > place->max_ns) {
			place->max_ns = ns;
			memcpy(place->frames, frames, sizeof(place->frames));
		}
		return;
	}
	irqsoff_lost++;
}

static void irqsoff_disable(void *data, unsigned long caller, unsigned long parent)
{
	irqsoff_since = local_clock();
}

static void irqsoff_enable(void *data, unsigned long caller, unsigned long parent)
{
	u64 ns = irqsoff_since ? local_clock() - irqsoff_since : 0;
	unsigned long frames[IRQSOFF_FRAMES] = {};

	irqsoff_since = 0;
	if (ns < IRQSOFF_SHORT_NS)
		return;
	stack_trace_save(frames, IRQSOFF_FRAMES, 0);
	irqsoff_note(frames, ns);
}

static void irqsoff_handler_entry(void *data, int irq, struct irqaction *action)
{
	irqsoff_handler_since = local_clock();
}

static void irqsoff_handler_exit(void *data, int irq, struct irqaction *action, int ret)
{
	const unsigned long frames[IRQSOFF_FRAMES] = { (unsigned long)action->handler };

	if (irqsoff_handler_since)
		irqsoff_note(frames, max(local_clock() - irqsoff_handler_since, 1ull));
	irqsoff_handler_since = 0;
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
} irqsoff_points[] = {
	{ "irq_disable", irqsoff_disable },
	{ "irq_enable", irqsoff_enable },
	{ "irq_handler_entry", irqsoff_handler_entry },
	{ "irq_handler_exit", irqsoff_handler_exit },
};

static bool irqsoff_is(unsigned long address, const char *prefix)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol_no_offset(name, address);
	return !strncmp(name, prefix, strlen(prefix));
}

/* Functions of locks are no places, but who calls them is. */
static unsigned int irqsoff_first(const struct irqsoff_place *place)
{
	unsigned int i;

	/* A handler */
	if (!place->frames[1])
		return 0;
	for (i = 0; i < IRQSOFF_FRAMES && !irqsoff_is(place->frames[i], "trace_hardirqs_on"); i++)
		;
	for (i++; i < IRQSOFF_FRAMES && irqsoff_is(place->frames[i], "_raw_"); i++)
		;
	return i;
}

static int irqsoff_show(struct seq_file *file, void *unused)
{
	unsigned int i, k;

	if (irqsoff_lost)
		return -ENOSPC;
	for (i = 0; i < IRQSOFF_PLACES; i++) {
		const struct irqsoff_place *place = &irqsoff_places[i];

		if (!place->max_ns)
			continue;
		k = irqsoff_first(place);
		if (k >= IRQSOFF_FRAMES || !place->frames[k])
			return -EPROTO;
		seq_printf(file, "%llu", place->max_ns);
		for (; k < IRQSOFF_FRAMES && place->frames[k]; k++)
			seq_printf(file, " %ps", (void *)place->frames[k]);
		seq_putc(file, '\n');
	}
	return 0;
}

static int irqsoff_open(struct inode *inode, struct file *file)
{
	return single_open(file, irqsoff_show, NULL);
}

static ssize_t irqsoff_write(struct file *file, const char __user *text, size_t bytes, loff_t *offset)
{
	unsigned long flags;

	local_irq_save(flags);
	memset(irqsoff_places, 0, sizeof(irqsoff_places));
	irqsoff_lost = 0;
	irqsoff_since = 0;
	local_irq_restore(flags);
	return bytes;
}

static const struct file_operations irqsoff_fops = {
	.owner = THIS_MODULE,
	.open = irqsoff_open,
	.read = seq_read,
	.write = irqsoff_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static void irqsoff_find(struct tracepoint *tracepoint, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(irqsoff_points); i++) {
		if (!strcmp(tracepoint->name, irqsoff_points[i].name))
			irqsoff_points[i].tracepoint = tracepoint;
	}
}

static void irqsoff_unregister(unsigned int num)
{
	while (num--)
		tracepoint_probe_unregister(irqsoff_points[num].tracepoint, irqsoff_points[num].probe, NULL);
	tracepoint_synchronize_unregister();
}

static int __init irqsoff_init(void)
{
	unsigned int i;
	int ret;

	if (num_possible_cpus() > 1)
		return -EOPNOTSUPP;
	for_each_kernel_tracepoint(irqsoff_find, NULL);
	for (i = 0; i < ARRAY_SIZE(irqsoff_points); i++) {
		ret = irqsoff_points[i].tracepoint ?
			      tracepoint_probe_register(irqsoff_points[i].tracepoint, irqsoff_points[i].probe, NULL) :
			      -EOPNOTSUPP;
		if (ret) {
			irqsoff_unregister(i);
			return ret;
		}
	}
	irqsoff_file = debugfs_create_file("rknpu_irqsoff", 0600, NULL, NULL, &irqsoff_fops);
	return 0;
}
module_init(irqsoff_init);

static void __exit irqsoff_exit(void)
{
	debugfs_remove(irqsoff_file);
	irqsoff_unregister(ARRAY_SIZE(irqsoff_points));
}
module_exit(irqsoff_exit);

MODULE_DESCRIPTION("For how long each place in the kernel keeps interrupts off, for tests");
MODULE_LICENSE("GPL");
