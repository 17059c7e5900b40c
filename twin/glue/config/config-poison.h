/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright (C) the rknpu authors. Replaces a generated file: nothing is poisoned here. */
