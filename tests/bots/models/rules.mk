# SPDX-License-Identifier: Apache-2.0
# Models: asks models whose answers lie in files.

models := $(B)/bots/models
MODELS = -std=gnu11 -D_GNU_SOURCE $(WARN) -O1 -g -fPIC

bots: $(models)/models

$(models)/libmodels.so: $(addprefix tests/bots/models/,ask.c models.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(MODELS) -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^)

$(models)/models: $(addprefix tests/bots/models/,main.c models.h) $(models)/libmodels.so
	$(call say,CC,$@)
	$(Q)$(CC) $(MODELS) -fno-inline -o $@ $(filter %.c,$^) '-Wl,-rpath,$$ORIGIN' -L$(models) -lmodels
