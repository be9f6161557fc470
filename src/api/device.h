/* api/device.h: what to call the device somebody signs in from, so that its owner knows it again in
 * the list of sessions. Pure. */
#pragma once
#include "base/buf.h"

enum { DEVICE_BYTES = 101 }; /* with the NUL */

/* agent: a User-Agent header, NULL when none came. "Firefox on Linux"; for a program its name and
 * version, "okhttp/4.12.0"; "" for none. */
void device_name(const char *agent, char name_out[DEVICE_BYTES]);
