/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Pages of a process as a dma-buf, exported by the kernel's driver udmabuf.
 */
#ifndef UDMABUF_H
#define UDMABUF_H

#include <stdint.h>

/*
 * Returns the descriptor of a dma-buf of @bytes, which are whole pages, or -errno: -ENOENT if the kernel has
 * no udmabuf. @map receives a mapping of the memory that works without the dma-buf, unless NULL.
 */
int udmabuf_create(uint64_t bytes, void **map);

#endif /* UDMABUF_H */
