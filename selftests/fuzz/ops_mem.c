// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Files, buffers and their mappings.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_COPIED	((size_t)32 << 20)

static int *file_of(struct fuzz_state *s, uint64_t slot)
{
	return &s->file[slot % FUZZ_FILES];
}

static struct fuzz_buffer *buffer_of(struct fuzz_state *s, uint64_t slot)
{
	return &s->buffer[slot % FUZZ_BUFFERS];
}

/* Of the DRM node or of /dev/rknpu, of this size */
static int call(struct fuzz_state *s, uint64_t file, unsigned int nr, void *args, size_t size)
{
	unsigned int type = s->misc[file % FUZZ_FILES] ? RKNPU_IOC_MAGIC : DRM_IOCTL_BASE;

	if (type == DRM_IOCTL_BASE)
		nr += DRM_COMMAND_BASE;
	return ioctl(*file_of(s, file), _IOC(_IOC_READ | _IOC_WRITE, type, nr, size), args);
}

static void op_open(struct fuzz_state *s, const uint64_t *arg)
{
	int *file = file_of(s, arg[0]);

	if (*file >= 0)
		close(*file);
	s->misc[arg[0] % FUZZ_FILES] = arg[1] % 16 == 15;
	if (arg[1] % 16 == 15)
		*file = open("/dev/rknpu", O_RDWR | O_CLOEXEC);
	else
		*file = arg[1] % 16 == 14 ? npu_open_card(NULL, 0) : npu_open_render(NULL, 0);
}

static void op_close(struct fuzz_state *s, const uint64_t *arg)
{
	int *file = file_of(s, arg[0]);

	if (*file >= 0)
		close(*file);
	*file = -1;
}

static void op_dup(struct fuzz_state *s, const uint64_t *arg)
{
	int *to = file_of(s, arg[1]);

	if (*file_of(s, arg[0]) < 0 || *to >= 0)
		return;
	*to = dup(*file_of(s, arg[0]));
	s->misc[arg[1] % FUZZ_FILES] = s->misc[arg[0] % FUZZ_FILES];
}

static void destroy(struct fuzz_state *s, uint64_t file, const struct fuzz_buffer *b)
{
	struct rknpu_mem_destroy args = { .handle = b->handle, .obj_addr = b->token };

	call(s, file, RKNPU_MEM_DESTROY, &args, sizeof(args));
	/* Of /dev/rknpu it is a descriptor, which keeps the buffer */
	if (s->misc[file % FUZZ_FILES] && b->handle >= FUZZ_FIRST_FD)
		close((int)b->handle);
}

static void create(struct fuzz_state *s, uint64_t file, uint64_t slot, struct rknpu_mem_create *c, size_t size)
{
	struct fuzz_buffer before = *buffer_of(s, slot);

	if (call(s, file, RKNPU_MEM_CREATE, c, size))
		return;
	*buffer_of(s, slot) = (struct fuzz_buffer){ c->handle, c->obj_addr, c->size };
	/* Other memory makes up for most failures: a hundred large buffers would take all that there is */
	if (s->again && before.handle != c->handle)
		destroy(s, file, &before);
}

static void op_create(struct fuzz_state *s, const uint64_t *arg)
{
	struct rknpu_mem_create c = {
		.size = arg[2], .flags = arg[3], .iommu_domain_id = arg[4], .sram_size = arg[5],
	};

	create(s, arg[0], arg[1], &c, sizeof(c));
}

/* What has a handle already gets an address, too */
static void op_place(struct fuzz_state *s, const uint64_t *arg)
{
	struct fuzz_buffer *b = buffer_of(s, arg[1]);
	struct rknpu_mem_create c = {
		.handle = b->handle, .size = b->size, .flags = arg[2], .iommu_domain_id = arg[3],
	};

	create(s, arg[0], arg[1], &c, sizeof(c));
}

/* As programs of older drivers */
static void op_create_short(struct fuzz_state *s, const uint64_t *arg)
{
	struct rknpu_mem_create c = { .size = arg[2], .flags = NPU_FLAGS_DATA };

	create(s, arg[0], arg[1], &c, arg[3] % 2 ? 32 : 40);
}

static void op_destroy(struct fuzz_state *s, const uint64_t *arg)
{
	struct fuzz_buffer *b = buffer_of(s, arg[1]);
	struct rknpu_mem_destroy args = { .handle = b->handle, .obj_addr = b->token };

	call(s, arg[0], RKNPU_MEM_DESTROY, &args, sizeof(args));
}

static void op_destroy_number(struct fuzz_state *s, const uint64_t *arg)
{
	struct rknpu_mem_destroy args = { .handle = arg[1] };

	call(s, arg[0], RKNPU_MEM_DESTROY, &args, sizeof(args));
}

static void op_sync(struct fuzz_state *s, const uint64_t *arg)
{
	struct fuzz_buffer *b = buffer_of(s, arg[1]);
	struct rknpu_mem_sync args = {
		.flags = arg[4], .obj_addr = b->token, .offset = arg[2], .size = arg[3],
	};

	call(s, arg[0], RKNPU_MEM_SYNC, &args, sizeof(args));
}

static void op_sync_number(struct fuzz_state *s, const uint64_t *arg)
{
	struct rknpu_mem_sync args = { .flags = 3, .obj_addr = arg[1], .size = arg[2] };

	call(s, arg[0], RKNPU_MEM_SYNC, &args, sizeof(args));
}

/* ---- mappings ------------------------------------------------------------------------- */

static void op_map(struct fuzz_state *s, const uint64_t *arg)
{
	struct rknpu_mem_map args = { .handle = buffer_of(s, arg[1])->handle };
	bool misc = s->misc[arg[0] % FUZZ_FILES];
	/* By eight: as a program would; else any part of it, and more */
	uint64_t bytes = arg[3] % 8 ? buffer_of(s, arg[1])->size : arg[3] % (1 << 20);

	if (!misc && call(s, arg[0], RKNPU_MEM_MAP, &args, sizeof(args)))
		return;
	fuzz_map(s, arg[2], bytes, arg[5] % 8 ? PROT_READ | PROT_WRITE : PROT_READ, arg[5] % 16 == 15 ? MAP_PRIVATE : MAP_SHARED,
		 misc ? (int)args.handle : *file_of(s, arg[0]), args.offset + (arg[4] & ~4095ull));
}

static void op_unmap(struct fuzz_state *s, const uint64_t *arg)
{
	fuzz_unmap(&s->map[arg[0] % FUZZ_MAPS]);
}

/* A hole in it */
static void op_unmap_page(struct fuzz_state *s, const uint64_t *arg)
{
	fuzz_unmap_page(&s->map[arg[0] % FUZZ_MAPS], arg[1]);
}

/*
 * The kernel copies from or to it, and answers a hole or the end of the buffer with an errno. Not from all of one that
 * takes half of the memory: the copy takes as much, and a machine that runs out of it kills somebody.
 */
static void copy(const struct fuzz_map *map, bool to)
{
	size_t bytes = to || map->bytes < MOST_COPIED ? map->bytes : MOST_COPIED;
	int file = to ? open("/dev/zero", O_RDONLY | O_CLOEXEC) : memfd_create("copy", MFD_CLOEXEC);

	if (file < 0)
		return;
	if ((to ? read(file, map->start, bytes) : write(file, map->start, bytes)) < 0)
		ftruncate(file, 0);
	close(file);
}

static void op_touch(struct fuzz_state *s, const uint64_t *arg)
{
	struct fuzz_map *map = &s->map[arg[0] % FUZZ_MAPS];
	struct iovec there = { map->start, map->bytes }, here;
	static char bytes[1 << 16];

	here = (struct iovec){ bytes, sizeof(bytes) };
	if (!map->start)
		return;
	/* By way of its pages, or of its addresses */
	switch (arg[1] % 4) {
	case 0:
		process_vm_writev(getpid(), &here, 1, &there, 1, 0);
		break;
	case 1:
		process_vm_readv(getpid(), &here, 1, &there, 1, 0);
		break;
	default:
		copy(map, arg[1] % 2);
	}
}

static void op_advise(struct fuzz_state *s, const uint64_t *arg)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_DONTFORK, MADV_WIPEONFORK, MADV_POPULATE_WRITE, MADV_HUGEPAGE, MADV_DODUMP,
	};
	struct fuzz_map *map = &s->map[arg[0] % FUZZ_MAPS];

	if (map->start)
		madvise(map->start, map->bytes, advice[arg[1] % FUZZ_COUNT(advice)]);
}

static void op_protect(struct fuzz_state *s, const uint64_t *arg)
{
	struct fuzz_map *map = &s->map[arg[0] % FUZZ_MAPS];

	if (map->start)
		mprotect(map->start, map->bytes, arg[1] % 4);
}

static void op_remap(struct fuzz_state *s, const uint64_t *arg)
{
	size_t bytes = s->map[arg[0] % FUZZ_MAPS].bytes;

	fuzz_remap(s, arg[0], arg[1] % 8 ? bytes : arg[1] % (1 << 20));
}

/* Pages that a pipe holds on to, until it is closed at the end of the sequence */
static void op_pin(struct fuzz_state *s, const uint64_t *arg)
{
	struct fuzz_map *map = &s->map[arg[0] % FUZZ_MAPS];
	struct iovec from = { map->start, map->bytes };
	int ends[2];

	if (map->start && !pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		vmsplice(ends[1], &from, 1, 0);
}

/* ---- calls that are not made properly ----------------------------------------------------- */

static void op_raw(struct fuzz_state *s, const uint64_t *arg)
{
	uint64_t payload[64] = { arg[3], arg[4], arg[5], arg[6], arg[7] };

	call(s, arg[0], arg[1], payload, arg[2] % sizeof(payload));
}

/* Of what the call reads or writes, only a part is there. Nothing else may be placed where the rest would be. */
static void op_bad_pointer(struct fuzz_state *s, const uint64_t *arg)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return;
	mprotect(pages + 4096, 4096, PROT_NONE);
	if (arg[3] % 2)
		mprotect(pages, 4096, PROT_READ);
	call(s, arg[0], arg[1], pages + 4096 - arg[2] % 256, 104);
	munmap(pages, 8192);
}

static void op_action(struct fuzz_state *s, const uint64_t *arg)
{
	struct rknpu_action args = { arg[1], arg[2] };

	/* The nice value stays, or sequences get slower and slower */
	if (args.flags == RKNPU_SET_PROC_NICE && (int)args.value > 0)
		args.value = 0;
	call(s, arg[0], RKNPU_ACTION, &args, sizeof(args));
}

static void op_reset(struct fuzz_state *s, const uint64_t *arg)
{
	struct rknpu_action args = { RKNPU_ACT_RESET, 0 };

	call(s, arg[0], RKNPU_ACTION, &args, sizeof(args));
}

static void op_flink(struct fuzz_state *s, const uint64_t *arg)
{
	struct drm_gem_flink flink = { .handle = buffer_of(s, arg[1])->handle };
	struct drm_gem_open opened = { 0 };

	if (ioctl(*file_of(s, arg[0]), DRM_IOCTL_GEM_FLINK, &flink))
		return;
	opened.name = flink.name;
	if (!ioctl(*file_of(s, arg[2]), DRM_IOCTL_GEM_OPEN, &opened))
		*buffer_of(s, arg[3]) = (struct fuzz_buffer){ opened.handle, 0, opened.size };
}

static void op_gem_close(struct fuzz_state *s, const uint64_t *arg)
{
	struct drm_gem_close args = { .handle = buffer_of(s, arg[1])->handle };

	ioctl(*file_of(s, arg[0]), DRM_IOCTL_GEM_CLOSE, &args);
}

const struct fuzz_op fuzz_mem_ops[] = {
	{ "open", "fi", 24, op_open },
	{ "close", "f", 8, op_close },
	{ "dup", "ff", 4, op_dup },
	{ "create", "fbsFDo", 48, op_create },
	{ "place", "fbFD", 16, op_place },
	{ "create_short", "fbsi", 8, op_create_short },
	{ "destroy", "fb", 24, op_destroy },
	{ "destroy_number", "fn", 4, op_destroy_number },
	{ "sync", "fbosy", 32, op_sync },
	{ "sync_number", "fns", 4, op_sync_number },
	{ "map", "fbmsoi", 32, op_map },
	{ "unmap", "m", 8, op_unmap },
	{ "unmap_page", "mi", 4, op_unmap_page },
	{ "touch", "mi", 16, op_touch },
	{ "advise", "mi", 8, op_advise },
	{ "protect", "mi", 4, op_protect },
	{ "remap", "ms", 4, op_remap },
	{ "pin", "m", 8, op_pin },
	{ "raw", "finnnnnn", 8, op_raw },
	{ "bad_pointer", "fini", 4, op_bad_pointer },
	{ "action", "fan", 24, op_action },
	{ "reset", "f", 12, op_reset },
	{ "flink", "fbfb", 8, op_flink },
	{ "gem_close", "fb", 8, op_gem_close },
	{ NULL, NULL, 0, NULL },
};
