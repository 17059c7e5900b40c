// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: An exporter of dma-bufs that fails to give the CPU access to what a device has
 * written. Each ioctl() of /dev/rknpu-refuser creates a dma-buf of 64 KiB and returns
 * its descriptor. For tests only.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/sizes.h>

#define REFUSER_BYTES	SZ_64K

static struct sg_table *refuser_map(struct dma_buf_attachment *attach, enum dma_data_direction dir)
{
	struct sg_table *table = kzalloc(sizeof(*table), GFP_KERNEL);
	int ret;

	if (!table)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table(table, 1, GFP_KERNEL);
	if (ret)
		goto free_table;
	sg_set_page(table->sgl, attach->dmabuf->priv, REFUSER_BYTES, 0);
	ret = dma_map_sgtable(attach->dev, table, dir, 0);
	if (ret)
		goto free_list;
	return table;

free_list:
	sg_free_table(table);
free_table:
	kfree(table);
	return ERR_PTR(ret);
}

static void refuser_unmap(struct dma_buf_attachment *attach, struct sg_table *table, enum dma_data_direction dir)
{
	dma_unmap_sgtable(attach->dev, table, dir, 0);
	sg_free_table(table);
	kfree(table);
}

static void refuser_release(struct dma_buf *dmabuf)
{
	__free_pages(dmabuf->priv, get_order(REFUSER_BYTES));
}

static int refuser_begin(struct dma_buf *dmabuf, enum dma_data_direction dir)
{
	return dir == DMA_FROM_DEVICE ? -EREMOTEIO : 0;
}

static const struct dma_buf_ops refuser_ops = {
	.map_dma_buf = refuser_map,
	.unmap_dma_buf = refuser_unmap,
	.release = refuser_release,
	.begin_cpu_access = refuser_begin,
};

static long refuser_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	struct page *pages;
	int fd;

	pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(REFUSER_BYTES));
	if (!pages)
		return -ENOMEM;
	info.ops = &refuser_ops;
	info.size = REFUSER_BYTES;
	info.flags = O_RDWR;
	info.priv = pages;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		__free_pages(pages, get_order(REFUSER_BYTES));
		return PTR_ERR(dmabuf);
	}
	fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

static const struct file_operations refuser_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = refuser_ioctl,
};

static struct miscdevice refuser_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "rknpu-refuser",
	.fops = &refuser_fops,
};
module_misc_device(refuser_device);

MODULE_DESCRIPTION("Exporter that refuses CPU access, for tests");
MODULE_LICENSE("GPL");
/* The result of MODULE_IMPORT_NS(), whose argument has a different form on different kernels */
MODULE_INFO(import_ns, "DMA_BUF");
