/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CRC32C_H
#define TS_CRC32C_H

/* The Castagnoli checksum of iSCSI and ext4, which x86 computes by an instruction. */

#include <stddef.h>
#include <stdint.h>

uint32_t ts_crc32c(const void *data, size_t bytes);

/* The same without that instruction. */
uint32_t ts_crc32c_portable(const void *data, size_t bytes);

#endif
