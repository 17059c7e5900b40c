// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Jobs, streams, fences, dma-bufs, and what the twin does wrong.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver.h"
#include "job.h"
#include "rknpu_twin_regs.h"

static int *fence_of(struct fuzz_state *s, uint64_t slot)
{
	return &s->fence[slot % FUZZ_FENCES];
}

static int *dmabuf_of(struct fuzz_state *s, uint64_t slot)
{
	return &s->dmabuf[slot % FUZZ_DMABUFS];
}

/* One thread at a time makes or changes a job: what it has in this process's memory is the fuzzer's own */
static pthread_mutex_t job_lock[FUZZ_JOBS] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };

static void job_put(uint64_t slot)
{
	pthread_mutex_unlock(&job_lock[slot % FUZZ_JOBS]);
}

/*
 * NULL: there is none, or another thread has it, which then is not waited for: in a child
 * that was forked meanwhile it would have it for ever.
 */
static struct matmul *job_get(struct fuzz_state *s, uint64_t slot)
{
	if (pthread_mutex_trylock(&job_lock[slot % FUZZ_JOBS]))
		return NULL;
	if (s->has_job[slot % FUZZ_JOBS])
		return &s->job[slot % FUZZ_JOBS];
	job_put(slot);
	return NULL;
}

static void replace(int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

/* ---- jobs ------------------------------------------------------------------------------ */

static void op_job(struct fuzz_state *s, const uint64_t *arg)
{
	static const struct {
		enum matmul_type type;
		unsigned int m, tile;
	} kinds[] = {
		{ MATMUL_INT8_INT32, 8, 0 }, { MATMUL_INT8_INT32, 8, 0 }, { MATMUL_FP16_FP32, 8, 0 },
		{ MATMUL_INT8_INT32, 32, 8 }, { MATMUL_INT8_INT32, 64, 1 },
		/* More tasks than the hardware takes at a time */
		{ MATMUL_INT8_INT32, 4100, 1 },
	};
	unsigned int last = FUZZ_COUNT(kinds) - 1, kind = arg[2] == FUZZ_MANY_TASKS ? last : arg[2] % last;
	unsigned int slot = arg[0] % FUZZ_JOBS;
	int domain = arg[3] < 16 ? arg[3] : 0, fd = s->file[arg[1] % FUZZ_FILES];

	if (pthread_mutex_trylock(&job_lock[slot]))
		return;
	if (s->has_job[slot])
		matmul_fini(&s->job[slot]);
	/* With /dev/rknpu a buffer's handle is a descriptor: that is what the tests are for */
	s->has_job[slot] = fd >= 0 && !s->misc[arg[1] % FUZZ_FILES] &&
		!matmul_init_domain(&s->job[slot], fd, kinds[kind].type, kinds[kind].m, 64, 32, kinds[kind].tile,
				    MATMUL_EXACT, 1, domain);
	job_put(slot);
}

static void change(struct fuzz_state *s, struct rknpu_submit *args, uint64_t field, uint64_t value)
{
	switch (field) {
	case 0:
		args->task_start = value;
		break;
	case 1:
		args->task_number = value;
		break;
	case 2:
		args->priority = value;
		break;
	case 3:
		args->task_obj_addr = s->buffer[value % FUZZ_BUFFERS].token;
		break;
	case 4:
		args->task_obj_addr = value;
		break;
	case 5:
		args->iommu_domain_id = value;
		break;
	case 6:
		args->task_base_addr = value;
		break;
	case 7:
		args->subcore_task[value % RKNPU_MAX_SUBCORE_TASKS].task_start = value >> 8;
		break;
	case 8:
		args->subcore_task[value % RKNPU_MAX_SUBCORE_TASKS].task_number = value >> 8;
		break;
	case 9:
		args->timeout = value;
		break;
	case 10:
		args->fence_fd = value;
		break;
	case 11:
		/* As programs of old drivers, which knew a second buffer */
		args->iommu_domain_id = s->buffer[value % FUZZ_BUFFERS].token;
		args->reserved = s->buffer[value % FUZZ_BUFFERS].token >> 32;
		break;
	case 12:
		args->reserved = value;
		break;
	}
}

static unsigned long submit_of(const struct fuzz_state *s, uint64_t file)
{
	return s->misc[file % FUZZ_FILES] ? IOCTL_RKNPU_SUBMIT : DRM_IOCTL_RKNPU_SUBMIT;
}

static void op_submit(struct fuzz_state *s, const uint64_t *arg)
{
	struct matmul *mm = job_get(s, arg[1]);
	struct rknpu_submit args;

	if (!mm)
		return;
	args = matmul_args(mm, arg[2] & 7);
	job_put(arg[1]);
	args.core_mask = arg[2];
	args.flags = arg[3];
	args.timeout = arg[4];
	args.fence_fd = s->fence[arg[5] % FUZZ_FENCES];
	change(s, &args, arg[6], arg[7]);
	if (!ioctl(s->file[arg[0] % FUZZ_FILES], submit_of(s, arg[0]), &args) && (args.flags & RKNPU_JOB_FENCE_OUT))
		replace(fence_of(s, arg[5] + 1), args.fence_fd);
}

/* Many at once, also behind a fence if there is one; of jobs with many tasks only two, which take long enough */
static void op_flood(struct fuzz_state *s, const uint64_t *arg)
{
	unsigned int num = arg[3] % 64;
	int fence = *fence_of(s, arg[3] / 128);
	struct matmul *mm = job_get(s, arg[1]);
	struct rknpu_submit args;
	unsigned int i;

	if (!mm)
		return;
	args = matmul_args(mm, arg[2] & 7);
	if (mm->tasks > 64 && num > 2)
		num = 2;
	job_put(arg[1]);
	args.flags |= RKNPU_JOB_NONBLOCK;
	args.timeout = 5;
	if (arg[3] & 64 && fence >= 0) {
		args.flags |= RKNPU_JOB_FENCE_IN;
		args.fence_fd = fence;
	}
	for (i = 0; i < num; i++)
		ioctl(s->file[arg[0] % FUZZ_FILES], submit_of(s, arg[0]), &args);
}

/* Streams are changed only where an IOMMU keeps them from the memory of the guest's kernel */
static void op_descriptor(struct fuzz_state *s, const uint64_t *arg)
{
	struct matmul *mm = fuzz_untranslated ? NULL : job_get(s, arg[0]);
	struct rknpu_task *task;

	if (!mm)
		return;
	task = matmul_descriptors(mm) + arg[2] % mm->tasks;
	switch (arg[1] % 3) {
	case 0:
		task->regcmd_addr = arg[3];
		break;
	case 1:
		task->regcfg_amount = arg[3];
		break;
	case 2:
		task->int_mask = arg[3];
		break;
	}
	job_put(arg[0]);
}

static void op_register(struct fuzz_state *s, const uint64_t *arg)
{
	struct matmul *mm = fuzz_untranslated ? NULL : job_get(s, arg[0]);

	if (!mm)
		return;
	matmul_set_register(mm, arg[1], arg[2]);
	job_put(arg[0]);
}

static void op_word(struct fuzz_state *s, const uint64_t *arg)
{
	struct matmul *mm = fuzz_untranslated ? NULL : job_get(s, arg[0]);
	uint64_t *words;

	if (!mm)
		return;
	words = mm->cmd.map;
	words[arg[1] % (mm->words + 4)] ^= 1ull << arg[2] % 64;
	npu_bo_to_device(&mm->cmd);
	job_put(arg[0]);
}

/* ---- fences ------------------------------------------------------------------------------ */

static void op_fence_wait(struct fuzz_state *s, const uint64_t *arg)
{
	if (*fence_of(s, arg[0]) >= 0)
		fence_wait(*fence_of(s, arg[0]), arg[1] % 32);
}

static void op_fence_close(struct fuzz_state *s, const uint64_t *arg)
{
	replace(fence_of(s, arg[0]), -1);
}

static void op_fence_merge(struct fuzz_state *s, const uint64_t *arg)
{
	int merged = fence_merge(*fence_of(s, arg[0]), *fence_of(s, arg[1]));

	if (merged >= 0)
		replace(fence_of(s, arg[2]), merged);
}

static void op_fence_info(struct fuzz_state *s, const uint64_t *arg)
{
	if (*fence_of(s, arg[0]) >= 0)
		fence_time_ns(*fence_of(s, arg[0]));
}

/* ---- dma-bufs ------------------------------------------------------------------------------ */

static void op_export(struct fuzz_state *s, const uint64_t *arg)
{
	struct drm_prime_handle prime = {
		.handle = s->buffer[arg[1] % FUZZ_BUFFERS].handle, .flags = arg[3] % 4 ? DRM_CLOEXEC | DRM_RDWR : DRM_CLOEXEC,
	};

	if (!ioctl(s->file[arg[0] % FUZZ_FILES], DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
		replace(dmabuf_of(s, arg[2]), prime.fd);
}

/* /dev/rknpu has no handles: the descriptor is given to MEM_CREATE */
static void import_misc(struct fuzz_state *s, const uint64_t *arg)
{
	struct rknpu_mem_create c = { .handle = *dmabuf_of(s, arg[1]), .size = 4096, .flags = NPU_FLAGS_DATA };

	if (!ioctl(s->file[arg[0] % FUZZ_FILES], IOCTL_RKNPU_MEM_CREATE, &c))
		s->buffer[arg[2] % FUZZ_BUFFERS] = (struct fuzz_buffer){ c.handle, c.obj_addr, c.size };
}

static void op_import(struct fuzz_state *s, const uint64_t *arg)
{
	struct drm_prime_handle prime = { .fd = *dmabuf_of(s, arg[1]) };
	off_t size;

	if (s->misc[arg[0] % FUZZ_FILES]) {
		import_misc(s, arg);
		return;
	}
	if (prime.fd < 0 || ioctl(s->file[arg[0] % FUZZ_FILES], DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
		return;
	size = lseek(prime.fd, 0, SEEK_END);
	s->buffer[arg[2] % FUZZ_BUFFERS] = (struct fuzz_buffer){ prime.handle, 0, size > 0 ? size : 0 };
}

static void op_dmabuf_close(struct fuzz_state *s, const uint64_t *arg)
{
	replace(dmabuf_of(s, arg[0]), -1);
}

static void op_dmabuf_map(struct fuzz_state *s, const uint64_t *arg)
{
	fuzz_map(s, arg[1], arg[2] % (1 << 20) + 1, PROT_READ | PROT_WRITE, MAP_SHARED, *dmabuf_of(s, arg[0]), 0);
}

static void op_dmabuf_sync(struct fuzz_state *s, const uint64_t *arg)
{
	struct dma_buf_sync sync = { arg[1] % 8 };

	ioctl(*dmabuf_of(s, arg[0]), DMA_BUF_IOCTL_SYNC, &sync);
}

static int vgem(struct fuzz_state *s)
{
	if (s->vgem < 0)
		s->vgem = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	return s->vgem;
}

/* A buffer of another driver, or ours given to it */
static void op_vgem(struct fuzz_state *s, const uint64_t *arg)
{
	struct drm_mode_create_dumb dumb = { .width = 32, .height = 1 + arg[2] % 512, .bpp = 32 };
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };

	if (arg[1] % 2) {
		prime.fd = *dmabuf_of(s, arg[0]);
		ioctl(vgem(s), DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
		return;
	}
	if (ioctl(vgem(s), DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		return;
	prime.handle = dumb.handle;
	if (!ioctl(s->vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
		replace(dmabuf_of(s, arg[0]), prime.fd);
}

/* One whose exporter has caches to care for */
static void op_udmabuf(struct fuzz_state *s, const uint64_t *arg)
{
	struct udmabuf_create args = { .size = (1 + arg[1] % 8) * 4096 };
	struct dma_buf_sync both = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd;

	if (dev < 0)
		return;
	args.memfd = memfd_create("foreign", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (!ftruncate(args.memfd, args.size) && !fcntl(args.memfd, F_ADD_SEALS, F_SEAL_SHRINK)) {
		fd = ioctl(dev, UDMABUF_CREATE, &args);
		if (fd >= 0) {
			/* It maps its pages for the direction of the first access: another one later would be its mistake */
			ioctl(fd, DMA_BUF_IOCTL_SYNC, &both);
			both.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
			ioctl(fd, DMA_BUF_IOCTL_SYNC, &both);
			replace(dmabuf_of(s, arg[0]), fd);
		}
	}
	close(args.memfd);
	close(dev);
}

/* The kernel keeps these in no exported header */
struct vgem_fence_attach {
	__u32 handle, flags, out_fence, pad;
};

struct vgem_fence_signal {
	__u32 fence, flags;
};

#define VGEM_FENCE_ATTACH	DRM_IOWR(DRM_COMMAND_BASE + 1, struct vgem_fence_attach)
#define VGEM_FENCE_SIGNAL	DRM_IOW(DRM_COMMAND_BASE + 2, struct vgem_fence_signal)

/* A fence that signals when it is told to, or ten seconds later */
static void op_foreign_fence(struct fuzz_state *s, const uint64_t *arg)
{
	struct drm_mode_create_dumb dumb = { .width = 32, .height = 32, .bpp = 32 };
	struct dma_buf_export_sync_file export = { .flags = DMA_BUF_SYNC_RW };
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
	struct vgem_fence_attach attach = { .flags = 1 };

	if (ioctl(vgem(s), DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		return;
	prime.handle = attach.handle = dumb.handle;
	if (ioctl(s->vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
		return;
	if (!ioctl(s->vgem, VGEM_FENCE_ATTACH, &attach) && !ioctl(prime.fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &export)) {
		s->vgem_fence = attach.out_fence;
		replace(fence_of(s, arg[0]), export.fd);
	}
	close(prime.fd);
}

static void op_foreign_signal(struct fuzz_state *s, const uint64_t *arg)
{
	struct vgem_fence_signal signal = { .fence = s->vgem_fence };

	(void)arg;
	if (s->vgem_fence)
		ioctl(s->vgem, VGEM_FENCE_SIGNAL, &signal);
	s->vgem_fence = 0;
}

/* ---- the twin ------------------------------------------------------------------------------ */

/* An early end is not that of the blocks that write: nobody could know better */
static uint32_t fault_param(uint32_t kind, uint64_t n)
{
	switch (kind) {
	case TWIN_FAULT_LATE:
		return n % 20000;
	case TWIN_FAULT_EARLY:
		return n & 0x1ffff & ~(RKNPU_INT_DPU | RKNPU_INT_PPU);
	}
	return n & 0x1ffff;
}

static void op_fault(struct fuzz_state *s, const uint64_t *arg)
{
	uint32_t kind = arg[1] % (TWIN_FAULT_UNSEEN + 1);

	(void)s;
	if (!fuzz_twin)
		return;
	fuzz_twin[TWIN_FAULT_CORE / 4] = npu_nth_core(arg[0] % NPU_CORES);
	/* Up to 20 ms late; or some bits */
	fuzz_twin[TWIN_FAULT_KIND / 4] = kind;
	fuzz_twin[TWIN_FAULT_PARAM / 4] = fault_param(kind, arg[2]);
	fuzz_twin[TWIN_FAULT_COUNT / 4] = 1 + arg[3] % 3;
}

/* But not that it is done: while a job runs nobody could know better */
static void op_spurious(struct fuzz_state *s, const uint64_t *arg)
{
	(void)s;
	if (!fuzz_twin)
		return;
	fuzz_twin[TWIN_FAULT_PARAM / 4] = arg[1] & 0x1ffff & ~RKNPU_INT_DONE;
	fuzz_twin[TWIN_SPURIOUS / 4] = npu_nth_core(arg[0] % NPU_CORES);
}

/* Ends what is late */
static void op_release(struct fuzz_state *s, const uint64_t *arg)
{
	(void)s;
	if (fuzz_twin)
		fuzz_twin[TWIN_RELEASE / 4] = npu_nth_core(arg[0] % NPU_CORES);
}

/* Where two processors run at a time, one goes on later after it has taken an interrupt */
static void op_slow_ack(struct fuzz_state *s, const uint64_t *arg)
{
	(void)s;
	if (!fuzz_twin)
		return;
	fuzz_twin[TWIN_FAULT_CORE / 4] = npu_nth_core(arg[0] % NPU_CORES);
	fuzz_twin[TWIN_SLOW_ACK_MS / 4] = arg[1] % 4;
}

/* Jobs that take longer, up to 5 ms for each task */
static void op_slow_tasks(struct fuzz_state *s, const uint64_t *arg)
{
	(void)s;
	if (fuzz_twin)
		fuzz_twin[TWIN_TASK_OVERHEAD_NS / 4] = arg[0] % 5000000;
}

static void op_refuse_power(struct fuzz_state *s, const uint64_t *arg)
{
	(void)s;
	if (driver_hears_of_refused_domains() && fuzz_twin && fuzz_twin[TWIN_ISLAND / 4])
		fuzz_twin[TWIN_REFUSE_POWER / 4] = arg[0] & ((1u << TWIN_DOMAIN_COUNT) - 1);
}

/*
 * From 20 degrees on: the lowest voltages are too low in the cold, which no part gets into faster than the driver looks.
 * test_power has that.
 */
static void op_temperature(struct fuzz_state *s, const uint64_t *arg)
{
	(void)s;
	if (fuzz_twin && fuzz_twin[TWIN_ISLAND / 4])
		fuzz_twin[TWIN_MILLIDEGREES / 4] = 20000 + arg[0] % 16 * 7000;
}

static void op_refuse_rate(struct fuzz_state *s, const uint64_t *arg)
{
	(void)s;
	if (fuzz_twin && fuzz_twin[TWIN_ISLAND / 4])
		fuzz_twin[TWIN_REFUSE_RATE / 4] = arg[0] % 4;
}

const struct fuzz_op fuzz_job_ops[] = {
	{ "job", "jfiD", 20, op_job },
	{ "submit", "fjcJtein", 96, op_submit },
	{ "flood", "fjcn", 8, op_flood },
	{ "descriptor", "jiin", 12, op_descriptor },
	{ "register", "jrn", 12, op_register },
	{ "word", "jnn", 8, op_word },
	{ "fence_wait", "et", 16, op_fence_wait },
	{ "fence_close", "e", 8, op_fence_close },
	{ "fence_merge", "eee", 8, op_fence_merge },
	{ "fence_info", "e", 4, op_fence_info },
	{ "export", "fbdi", 16, op_export },
	{ "import", "fdb", 16, op_import },
	{ "dmabuf_close", "d", 4, op_dmabuf_close },
	{ "dmabuf_map", "dms", 8, op_dmabuf_map },
	{ "dmabuf_sync", "di", 8, op_dmabuf_sync },
	{ "vgem", "dii", 8, op_vgem },
	{ "udmabuf", "di", 8, op_udmabuf },
	{ "foreign_fence", "e", 8, op_foreign_fence },
	{ "foreign_signal", "", 8, op_foreign_signal },
	{ "fault", "ixni", 12, op_fault },
	{ "spurious", "in", 4, op_spurious },
	{ "release", "i", 4, op_release },
	{ "slow_ack", "ii", 2, op_slow_ack },
	{ "slow_tasks", "n", 4, op_slow_tasks },
	{ "refuse_rate", "i", 4, op_refuse_rate },
	{ "refuse_power", "i", 2, op_refuse_power },
	{ "temperature", "i", 2, op_temperature },
	{ NULL, NULL, 0, NULL },
};
