// SPDX-License-Identifier: GPL-2.0-only
/* The flags of a mapping can be written only through a function (6.3). */
#include <linux/mm.h>

static void __maybe_unused probe(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_DONTEXPAND);
}
