// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: An exporter of dma-bufs with a cache of its own, for tests. The virtual machine has no data
 * caches, so forgotten cache maintenance has no effect there. A buffer of this exporter consists of
 * memory, which devices access, and of a copy, which the CPU maps and which stands for a write-back
 * cache that holds the whole buffer and never writes a line back by itself:
 *
 * begin_cpu_access() invalidates, unless for DMA_TO_DEVICE: the CPU sees what is in memory, and lines
 * that it has written and not yet cleaned are lost, as with the arm64 instruction DC IVAC;
 *
 * end_cpu_access() cleans, unless for DMA_FROM_DEVICE: it writes the lines back that the CPU has
 * changed, and no others, so what a device has written to the other lines stays.
 *
 * So a device computes with what was there at the last synchronization, and the CPU sees what was there
 * then, which a real cache may do at any time.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "rknpu_exporter.h"

/* Bytes of a cache line of the processors of RK3588, Cortex-A76 and Cortex-A55 */
#define LINE_BYTES	64

/**
 * struct exporter_buffer - one buffer
 * @bytes: size, whole pages.
 * @lock: one synchronization at a time; programs and devices access the buffer without it.
 * @pages: the memory, contiguous.
 * @memory: its kernel address.
 * @cache: what the CPU sees.
 * @filled: what @cache contained when it was last filled or cleaned; the lines that differ are dirty.
 * @refuses: begin_cpu_access() fails if a device may have written.
 */
struct exporter_buffer {
	size_t bytes;
	struct mutex lock;
	struct page *pages;
	u8 *memory, *cache, *filled;
	bool refuses;
};

static void exporter_clean(struct exporter_buffer *buf)
{
	size_t at;

	for (at = 0; at < buf->bytes; at += LINE_BYTES) {
		if (!memcmp(buf->cache + at, buf->filled + at, LINE_BYTES))
			continue;
		/* A program may write to the line at the same time: it stays dirty then */
		memcpy(buf->filled + at, buf->cache + at, LINE_BYTES);
		memcpy(buf->memory + at, buf->filled + at, LINE_BYTES);
	}
}

static void exporter_invalidate(struct exporter_buffer *buf)
{
	memcpy(buf->filled, buf->memory, buf->bytes);
	memcpy(buf->cache, buf->filled, buf->bytes);
}

static int exporter_begin(struct dma_buf *dmabuf, enum dma_data_direction dir)
{
	struct exporter_buffer *buf = dmabuf->priv;

	if (dir == DMA_TO_DEVICE)
		return 0;
	if (buf->refuses && dir == DMA_FROM_DEVICE)
		return -EREMOTEIO;
	mutex_lock(&buf->lock);
	exporter_invalidate(buf);
	mutex_unlock(&buf->lock);
	return 0;
}

static int exporter_end(struct dma_buf *dmabuf, enum dma_data_direction dir)
{
	struct exporter_buffer *buf = dmabuf->priv;

	if (dir == DMA_FROM_DEVICE)
		return 0;
	mutex_lock(&buf->lock);
	exporter_clean(buf);
	mutex_unlock(&buf->lock);
	return 0;
}

static struct sg_table *exporter_map(struct dma_buf_attachment *attach, enum dma_data_direction dir)
{
	struct sg_table *table = kzalloc(sizeof(*table), GFP_KERNEL);
	struct exporter_buffer *buf = attach->dmabuf->priv;
	int ret;

	if (!table)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table(table, 1, GFP_KERNEL);
	if (ret)
		goto free_table;
	sg_set_page(table->sgl, buf->pages, buf->bytes, 0);
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

static void exporter_unmap(struct dma_buf_attachment *attach, struct sg_table *table, enum dma_data_direction dir)
{
	dma_unmap_sgtable(attach->dev, table, dir, 0);
	sg_free_table(table);
	kfree(table);
}

static int exporter_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct exporter_buffer *buf = dmabuf->priv;

	return remap_vmalloc_range(vma, buf->cache, vma->vm_pgoff);
}

static void exporter_free(struct exporter_buffer *buf)
{
	vfree(buf->filled);
	vfree(buf->cache);
	if (buf->pages)
		__free_pages(buf->pages, get_order(buf->bytes));
	kfree(buf);
}

static void exporter_release(struct dma_buf *dmabuf)
{
	exporter_free(dmabuf->priv);
}

static const struct dma_buf_ops exporter_ops = {
	.map_dma_buf = exporter_map,
	.unmap_dma_buf = exporter_unmap,
	.begin_cpu_access = exporter_begin,
	.end_cpu_access = exporter_end,
	.mmap = exporter_mmap,
	.release = exporter_release,
};

static struct exporter_buffer *exporter_alloc(size_t bytes, bool refuses)
{
	struct exporter_buffer *buf = kzalloc(sizeof(*buf), GFP_KERNEL);

	if (!buf)
		return NULL;
	mutex_init(&buf->lock);
	buf->bytes = PAGE_ALIGN(bytes);
	buf->refuses = refuses;
	buf->pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(buf->bytes));
	buf->cache = vmalloc_user(buf->bytes);
	buf->filled = vzalloc(buf->bytes);
	if (!buf->pages || !buf->cache || !buf->filled) {
		exporter_free(buf);
		return NULL;
	}
	buf->memory = page_address(buf->pages);
	return buf;
}

static long exporter_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct exporter_buffer *buf;
	struct dma_buf *dmabuf;
	int fd;

	if (cmd != EXPORTER_CACHED && cmd != EXPORTER_REFUSING)
		return -ENOTTY;
	if (!arg || arg > SZ_4M)
		return -EINVAL;
	buf = exporter_alloc(arg, cmd == EXPORTER_REFUSING);
	if (!buf)
		return -ENOMEM;
	info.ops = &exporter_ops;
	info.size = buf->bytes;
	info.flags = O_RDWR;
	info.priv = buf;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		exporter_free(buf);
		return PTR_ERR(dmabuf);
	}
	fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

static const struct file_operations exporter_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = exporter_ioctl,
};

static struct miscdevice exporter_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "rknpu-exporter",
	.fops = &exporter_fops,
};
module_misc_device(exporter_device);

MODULE_DESCRIPTION("Exporter of buffers behind a cache, for tests");
MODULE_LICENSE("GPL");
/* The result of MODULE_IMPORT_NS(), whose argument has a different form on different kernels */
MODULE_INFO(import_ns, "DMA_BUF");
