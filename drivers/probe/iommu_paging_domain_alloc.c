// SPDX-License-Identifier: GPL-2.0-only
/* A domain is allocated for a device (6.11), not for a bus. */
#include <linux/iommu.h>

static struct iommu_domain *__maybe_unused probe(struct device *dev)
{
	return iommu_paging_domain_alloc(dev);
}
