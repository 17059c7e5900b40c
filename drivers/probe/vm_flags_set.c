// SPDX-License-Identifier: GPL-2.0-only
/* The flags of a mapping are written with a function only (6.3). */
#include <linux/mm.h>

static void __maybe_unused probe(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_DONTEXPAND);
}
