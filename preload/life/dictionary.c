// SPDX-License-Identifier: Apache-2.0
/* Records of the dictionary. */

#include "dictionary.h"

#include <string.h>

#include "../abi.h"
#include "../system/program.h"

/* Appends `text` and a NUL, or only counts them. */
static void put(char *at, size_t *done, const char *text)
{
	size_t bytes = strlen(text) + 1;

	if (at)
		memcpy(at + *done, text, bytes);
	*done += bytes;
}

static void put_redact(const struct ts_conf *conf, char *at, size_t *done)
{
	for (size_t i = 0; i < conf->n_redact; i++) {
		put(at, done, conf->redact[i]);
		if (at && i + 1 < conf->n_redact)
			at[*done - 1] = ',';
	}
	if (!conf->n_redact)
		put(at, done, "");
}

/* "HOST[/PATH] PROVIDER", separated by ','. */
static void put_gateways(const struct ts_wire_conf *wire, char *at, size_t *done)
{
	for (size_t i = 0; i < wire->n_gateways; i++) {
		const struct ts_wire_host *gateway = &wire->gateways[i];

		put(at, done, gateway->host);
		--*done;
		put(at, done, gateway->path);
		if (at)
			at[*done - 1] = ' ';
		put(at, done, gateway->provider);
		if (at && i + 1 < wire->n_gateways)
			at[*done - 1] = ',';
	}
	if (!wire->n_gateways)
		put(at, done, "");
}

static uint32_t flags_of(const struct ts_conf *conf)
{
	return (ts_conf_traces_orphans(conf) ? TS_SETTINGS_ORPHANS : 0) |
	       (conf->wire.line ? TS_SETTINGS_WIRE : 0);
}

static size_t finish(char *at, size_t done, struct ts_dictionary_record *record, uint32_t type)
{
	size_t bytes = TS_ALIGN8(done);

	if (at) {
		memset(at + done, 0, bytes - done);
		record->type = type;
		record->bytes = (uint32_t)bytes;
	}
	return bytes;
}

size_t ts_dictionary_put_settings(const struct ts_conf *conf, const char *store, const char *tenant,
				  const char *state, char *at)
{
	struct ts_dictionary_settings *settings = (struct ts_dictionary_settings *)at;
	size_t done = sizeof(*settings);

	if (at)
		*settings = (struct ts_dictionary_settings){
			.n_rules = (uint32_t)conf->n_written,
			.flags = flags_of(conf),
			.backlog_bytes = conf->backlog_bytes,
			.capture_bytes = conf->capture_bytes,
		};
	put(at, &done, ts_program_path());
	put(at, &done, ts_program_host());
	put(at, &done, conf->path);
	put(at, &done, store);
	put(at, &done, tenant);
	put_redact(conf, at, &done);
	put(at, &done, state);
	put(at, &done, conf->prices);
	put_gateways(&conf->wire, at, &done);
	return finish(at, done, &settings->record, TS_DICTIONARY_SETTINGS);
}

size_t ts_dictionary_put_object(size_t index, const struct ts_seen_object *object, char *at)
{
	struct ts_dictionary_object *record = (struct ts_dictionary_object *)at;
	size_t done = sizeof(*record);

	if (at)
		*record = (struct ts_dictionary_object){.index = (uint32_t)index};
	put(at, &done, object->path);
	put(at, &done, object->build_id);
	return finish(at, done, &record->record, TS_DICTIONARY_OBJECT);
}

size_t ts_dictionary_put_tls(const struct ts_tls *tls, char *at)
{
	struct ts_dictionary_tls *record = (struct ts_dictionary_tls *)at;
	size_t done = sizeof(*record);

	put(at, &done, tls->object);
	put(at, &done, tls->library);
	put(at, &done, tls->reason);
	return finish(at, done, &record->record, TS_DICTIONARY_TLS);
}

/* The name that spans get, and those of the parameters. */
static const char *span_name(const struct ts_definition *definition)
{
	if (definition->rule->name)
		return definition->rule->name;
	return definition->span ? definition->span : definition->function;
}

static const char *param_name(const struct ts_definition *definition, size_t i)
{
	const struct ts_prototype *prototype = &definition->rule->prototype;

	if (definition->params)
		return definition->params[i];
	return prototype->params[i].name ? prototype->params[i].name : "";
}

size_t ts_dictionary_put_thunk(size_t index, const struct ts_definition *definition, char *at)
{
	struct ts_dictionary_thunk *thunk = (struct ts_dictionary_thunk *)at;
	const struct ts_rule *rule = definition->rule;
	size_t done = sizeof(*thunk);
	uint8_t n_params = definition->params ? definition->n_params : rule->prototype.n_params;

	if (at)
		*thunk = (struct ts_dictionary_thunk){
			.index = (uint32_t)index,
			.line = rule->line,
			.kind = (uint8_t)rule->kind,
			.n_params = n_params,
			.language = definition->params ? TS_LANGUAGE_PYTHON : TS_LANGUAGE_NATIVE,
		};
	put(at, &done, span_name(definition));
	put(at, &done, definition->function);
	put(at, &done, definition->object);
	put(at, &done, ts_fails_text(rule->fails));
	for (size_t i = 0; i < n_params; i++)
		put(at, &done, param_name(definition, i));
	return finish(at, done, &thunk->record, TS_DICTIONARY_THUNK);
}
