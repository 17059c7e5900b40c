// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Measures the longest time with interrupts off, for the benchmark: a timer on
 * this processor expires every 10 us, in hard IRQ context, and records how late it is.
 * If instructions drive the clock, there is no other reason for it to be late. Kernels
 * up to 6.12 support this, unlike the irqsoff tracer. The times of the page allocator,
 * which are the same without the driver, are kept apart.
 */
#include <linux/hrtimer.h>
#include <linux/kallsyms.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/ptrace.h>

#include <asm/irq_regs.h>

#define LATENCY_PERIOD_NS	10000

static struct hrtimer latency_timer;

static unsigned long latency_max_ns;
module_param_named(max_ns, latency_max_ns, ulong, 0644);
MODULE_PARM_DESC(max_ns, "Longest delay so far; write 0 to begin anew");

static unsigned long latency_pages_max_ns;
module_param_named(pages_max_ns, latency_pages_max_ns, ulong, 0644);
MODULE_PARM_DESC(pages_max_ns, "The same for the page allocator");

/* The functions that move many pages, up to 2016, while interrupts are off [linux mm/page_alloc.c] */
static bool latency_is_pages(unsigned long address)
{
	static const char * const names[] = { "free_pcppages_bulk", "__rmqueue_pcplist", "rmqueue_bulk" };
	char name[KSYM_SYMBOL_LEN];
	unsigned int i;

	sprint_symbol_no_offset(name, address);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	}
	return false;
}

static void latency_note(unsigned long *max_ns, unsigned long ns)
{
	if (ns > *max_ns)
		*max_ns = ns;
}

static enum hrtimer_restart latency_tick(struct hrtimer *timer)
{
	s64 late = ktime_to_ns(ktime_sub(ktime_get(), hrtimer_get_expires(timer)));
	/* The interrupt comes where interrupts are switched on, there or in a function that is called for it. */
	struct pt_regs *regs = get_irq_regs();

	if (late > (s64)min(latency_max_ns, latency_pages_max_ns)) {
		bool pages = latency_is_pages(instruction_pointer(regs)) ||
			     latency_is_pages(procedure_link_pointer(regs));

		latency_note(pages ? &latency_pages_max_ns : &latency_max_ns, late);
	}
	hrtimer_forward_now(timer, ns_to_ktime(LATENCY_PERIOD_NS));
	return HRTIMER_RESTART;
}

static int __init latency_init(void)
{
	hrtimer_init(&latency_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	latency_timer.function = latency_tick;
	hrtimer_start(&latency_timer, ns_to_ktime(LATENCY_PERIOD_NS), HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}
module_init(latency_init);

static void __exit latency_exit(void)
{
	hrtimer_cancel(&latency_timer);
}
module_exit(latency_exit);

MODULE_DESCRIPTION("Longest time with interrupts off, for benchmarks");
MODULE_LICENSE("GPL");
