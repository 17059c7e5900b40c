// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * When loaded, it makes each mistake that a driver must not make, once: the debug
 * kernel must report all of them. Locks come first, because after a report about
 * memory the kernel no longer checks them. Mistakes that end the boot are separate:
 * fatal=1.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static bool fatal;
module_param(fatal, bool, 0444);
MODULE_PARM_DESC(fatal, "Do what the kernel answers with a panic");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);

static void lock_in_either_order(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void sleep_under_spinlock(void)
{
	spin_lock(&spin);
	might_sleep();
	spin_unlock(&spin);
}

static void shift_too_far(void)
{
	int bits = 40;

	/* Otherwise the compiler would notice. */
	OPTIMIZER_HIDE_VAR(bits);
	pr_info("bugmod: %d\n", 1 << bits);
}

static void use_after_free(void)
{
	u32 *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	pr_info("bugmod: %u\n", READ_ONCE(*p));
}

static void write_past_the_end(void)
{
	u8 *p = kmalloc(61, GFP_KERNEL);
	int end = 61;

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(end);
	WRITE_ONCE(p[end], 1);
	kfree(p);
}

/* Leak several: the address of one may survive in an old stack frame. */
static void leak(void)
{
	unsigned int i, leaked = 0;

	for (i = 0; i < 8; i++) {
		if (kmalloc(1234, GFP_KERNEL))
			leaked++;
	}
	pr_info("bugmod: %u times leaked\n", leaked);
}

static int __init bugmod_init(void)
{
	if (fatal) {
		shift_too_far();
		return 0;
	}
	lock_in_either_order();
	sleep_under_spinlock();
	leak();
	use_after_free();
	write_past_the_end();
	return 0;
}

static void __exit bugmod_exit(void)
{
}

module_init(bugmod_init);
module_exit(bugmod_exit);
MODULE_DESCRIPTION("Deliberate bugs for the debug kernel to find");
MODULE_LICENSE("GPL");
