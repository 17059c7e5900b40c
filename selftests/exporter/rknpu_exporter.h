/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Interface between the tests' exporter and the tests.
 */
#ifndef RKNPU_EXPORTER_H
#define RKNPU_EXPORTER_H

#include <linux/ioctl.h>

#define EXPORTER_NODE		"/dev/rknpu-exporter"

/* Create a dma-buf of as many bytes as the argument says, at most 4 MiB, and return its descriptor */
#define EXPORTER_CACHED		_IO('E', 0)	/* the CPU sees it through a cache */
#define EXPORTER_REFUSING	_IO('E', 1)	/* likewise, but it does not give the CPU what a device has written */

#endif /* RKNPU_EXPORTER_H */
