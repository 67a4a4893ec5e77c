# SPDX-License-Identifier: Apache-2.0
# A program that stores its own things in PostgreSQL.

bots: $(B)/bots/dbuser/dbuser

$(B)/bots/dbuser/dbuser: tests/bots/dbuser/main.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -I$(shell pg_config --includedir) -o $@ $< -lpq
