// SPDX-License-Identifier: GPL-2.0-only
/* The question is asked of the mapping (7.3), not of its flags. */
#include <linux/mm.h>

static bool __maybe_unused probe(struct vm_area_struct *vma)
{
	return vma_is_cow_mapping(vma);
}
