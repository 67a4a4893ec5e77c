# SPDX-License-Identifier: Apache-2.0
"""What a script may do to a reply, a file each: put_on(reply, value)."""
