/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright (C) the rknpu authors. Stands in for a generated file: nothing is poisoned here. */
