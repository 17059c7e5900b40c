// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The user interface header as C++: that it compiles is the test, and so is
 * every line of the frozen layout.
 */
#include <cstddef>
#include <drm/rknpu_drm.h>

#define SIZE(type, bytes)		static_assert(sizeof(struct type) == (bytes), #type);
#define OFFSET(type, field, bytes)	static_assert(offsetof(struct type, field) == (bytes), #type "." #field);
#define VALUE(name, number)		static_assert((name) == (number), #name);
#include "uapi_layout.inc"
