// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Records which instructions of a module have run. The module is compiled with
 * -fsanitize-coverage=trace-pc, as the kernel itself is for kcov, so each basic block
 * calls this module. Unlike kcov, this does not need a special kernel, and covers
 * interrupts and workers too. /dev/rknpu-cover maps a byte for every instruction from
 * `base` on: the number of runs of the block, at most 255. The reader clears it.
 */
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "spare.h"

#define COVER_BYTES	0x80000
#define COVER_INSN	4

static u8 *cover_map;

static unsigned long cover_base = ULONG_MAX;
module_param_named(base, cover_base, ulong, 0600);
MODULE_PARM_DESC(base, "Address of the first instruction, as in /sys/module/NAME/sections/.text");

/* Called by code that the compiler inserts */
void __sanitizer_cov_trace_pc(void);

/* With several processors, a count may be lost, but never a block. */
notrace void __sanitizer_cov_trace_pc(void)
{
	unsigned long at = (_RET_IP_ - READ_ONCE(cover_base)) / COVER_INSN;

	if (at < COVER_BYTES && READ_ONCE(cover_map[at]) < U8_MAX)
		WRITE_ONCE(cover_map[at], cover_map[at] + 1);
}
EXPORT_SYMBOL_GPL(__sanitizer_cov_trace_pc);

static int cover_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_vmalloc_range(vma, cover_map, vma->vm_pgoff);
}

static const struct file_operations cover_fops = {
	.owner = THIS_MODULE,
	.mmap = cover_mmap,
};

static struct miscdevice cover_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "rknpu-cover",
	.fops = &cover_fops,
	.mode = 0600,
};

static int __init cover_init(void)
{
	int ret;

	cover_map = vmalloc_user(COVER_BYTES);
	if (!cover_map)
		return -ENOMEM;
	ret = misc_register(&cover_device);
	if (ret)
		vfree(cover_map);
	else
		spare_init();
	return ret;
}
module_init(cover_init);

static void __exit cover_exit(void)
{
	spare_exit();
	misc_deregister(&cover_device);
	vfree(cover_map);
}
module_exit(cover_exit);

MODULE_DESCRIPTION("Which instructions of a module have run, for the fuzzer");
MODULE_LICENSE("GPL");
