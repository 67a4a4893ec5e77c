// SPDX-License-Identifier: Apache-2.0
#include "providers.h"

#include <stddef.h>

#define ANTHROPIC_COUNTS                                                                \
	{                                                                               \
		[TS_COUNT_INPUT] = "input_tokens",                                      \
		[TS_COUNT_CACHE_READ] = "cache_read_input_tokens",                      \
		[TS_COUNT_CACHE_WRITE] = "cache_creation_input_tokens",                 \
		[TS_COUNT_CACHE_WRITE_5M] = "cache_creation.ephemeral_5m_input_tokens", \
		[TS_COUNT_CACHE_WRITE_1H] = "cache_creation.ephemeral_1h_input_tokens", \
		[TS_COUNT_OUTPUT] = "output_tokens",                                    \
		[TS_COUNT_REASONING] = "output_tokens_details.reasoning_tokens|"        \
				       "output_tokens_details.thinking_tokens",         \
	}

#define OPENAI_RESPONSES_COUNTS                                                     \
	{                                                                           \
		[TS_COUNT_INPUT] = "input_tokens",                                  \
		[TS_COUNT_CACHE_READ] = "input_tokens_details.cached_tokens",       \
		[TS_COUNT_CACHE_WRITE] = "input_tokens_details.cache_write_tokens", \
		[TS_COUNT_OUTPUT] = "output_tokens",                                \
		[TS_COUNT_REASONING] = "output_tokens_details.reasoning_tokens",    \
		[TS_COUNT_TOTAL] = "total_tokens",                                  \
	}

/* And of everything that is compatible with it; DeepSeek and Moonshot name what the cache served themselves. */
#define OPENAI_CHAT_COUNTS                                                              \
	{                                                                               \
		[TS_COUNT_INPUT] = "prompt_tokens",                                     \
		[TS_COUNT_CACHE_READ] = "prompt_tokens_details.cached_tokens|"          \
					"prompt_cache_hit_tokens|cached_tokens",        \
		[TS_COUNT_CACHE_WRITE] = "prompt_tokens_details.cache_write_tokens|"    \
					 "prompt_tokens_details.cache_creation_tokens", \
		[TS_COUNT_OUTPUT] = "completion_tokens",                                \
		[TS_COUNT_REASONING] = "completion_tokens_details.reasoning_tokens|"    \
				       "reasoning_tokens",                              \
		[TS_COUNT_TOTAL] = "total_tokens",                                      \
	}

#define BEDROCK_COUNTS                                                                            \
	{                                                                                         \
		[TS_COUNT_INPUT] = "inputTokens", [TS_COUNT_CACHE_READ] = "cacheReadInputTokens", \
		[TS_COUNT_CACHE_WRITE] = "cacheWriteInputTokens",                                 \
		[TS_COUNT_OUTPUT] = "outputTokens", [TS_COUNT_TOTAL] = "totalTokens",             \
	}

/* What OpenRouter says, and Perplexity. */
#define OPENAI_COST "cost.total_cost|cost"

const struct ts_usage_api ts_usage_apis[] = {
	{
		.name = "anthropic.messages",
		.when = "type=message_start message.usage.input_tokens",
		.usage = "message.usage",
		.counts = ANTHROPIC_COUNTS,
		.flags = TS_USAGE_CACHE_APART | TS_USAGE_EARLY,
	},
	{
		.name = "anthropic.messages",
		.when = "type=message_delta usage.output_tokens",
		.usage = "usage",
		.counts = ANTHROPIC_COUNTS,
		.cost = OPENAI_COST,
		.flags = TS_USAGE_CACHE_APART,
	},
	{
		.name = "anthropic.messages",
		.when = "type=message usage.input_tokens",
		.usage = "usage",
		.counts = ANTHROPIC_COUNTS,
		.cost = OPENAI_COST,
		.flags = TS_USAGE_CACHE_APART,
	},
	{
		.name = "anthropic.messages",
		.when = "usage.input_tokens usage.cache_read_input_tokens|"
			"usage.cache_creation_input_tokens|usage.cache_creation",
		.usage = "usage",
		.counts = ANTHROPIC_COUNTS,
		.flags = TS_USAGE_CACHE_APART,
	},
	{
		.name = "openai.responses",
		.when = "type=response.* response.usage.input_tokens",
		.usage = "response.usage",
		.counts = OPENAI_RESPONSES_COUNTS,
		.cost = OPENAI_COST,
	},
	{
		.name = "openai.responses",
		.when = "usage.input_tokens usage.output_tokens",
		.usage = "usage",
		.counts = OPENAI_RESPONSES_COUNTS,
		.cost = OPENAI_COST,
	},
	{
		.name = "openai.chat",
		.when = "usage.prompt_tokens",
		.usage = "usage",
		.counts = OPENAI_CHAT_COUNTS,
		.cost = OPENAI_COST,
	},
	{
		/* Moonshot's and Together's streams */
		.name = "openai.chat",
		.when = "choices[].usage.prompt_tokens",
		.usage = "choices[].usage",
		.counts = OPENAI_CHAT_COUNTS,
	},
	{
		.name = "gemini",
		.when = "usageMetadata.promptTokenCount|usageMetadata.totalTokenCount",
		.usage = "usageMetadata",
		.counts =
			{
				[TS_COUNT_INPUT] = "promptTokenCount",
				[TS_COUNT_TOOLS] = "toolUsePromptTokenCount",
				[TS_COUNT_CACHE_READ] = "cachedContentTokenCount",
				[TS_COUNT_OUTPUT] = "candidatesTokenCount",
				[TS_COUNT_REASONING] = "thoughtsTokenCount",
				[TS_COUNT_TOTAL] = "totalTokenCount",
			},
		.flags = TS_USAGE_REASONING_APART,
	},
	{
		/* the same as Python's google-genai has it */
		.name = "gemini",
		.when = "usage_metadata.prompt_token_count|usage_metadata.total_token_count",
		.usage = "usage_metadata",
		.counts =
			{
				[TS_COUNT_INPUT] = "prompt_token_count",
				[TS_COUNT_TOOLS] = "tool_use_prompt_token_count",
				[TS_COUNT_CACHE_READ] = "cached_content_token_count",
				[TS_COUNT_OUTPUT] = "candidates_token_count",
				[TS_COUNT_REASONING] = "thoughts_token_count",
				[TS_COUNT_TOTAL] = "total_token_count",
			},
		.flags = TS_USAGE_REASONING_APART,
	},
	{
		.name = "gemini.interactions",
		.when = "usage.total_input_tokens",
		.usage = "usage",
		.counts =
			{
				[TS_COUNT_INPUT] = "total_input_tokens",
				[TS_COUNT_TOOLS] = "total_tool_use_tokens",
				[TS_COUNT_CACHE_READ] = "total_cached_tokens",
				[TS_COUNT_OUTPUT] = "total_output_tokens",
				[TS_COUNT_REASONING] = "total_thought_tokens",
				[TS_COUNT_TOTAL] = "total_tokens",
			},
		.flags = TS_USAGE_TOTAL_TELLS,
	},
	{
		.name = "ollama",
		.when = "prompt_eval_count|eval_count model",
		.usage = "",
		.counts =
			{[TS_COUNT_INPUT] = "prompt_eval_count", [TS_COUNT_OUTPUT] = "eval_count"},
	},
	{
		.name = "bedrock.converse",
		.when = "usage.inputTokens",
		.usage = "usage",
		.counts = BEDROCK_COUNTS,
		.flags = TS_USAGE_TOTAL_TELLS,
	},
	{
		.name = "bedrock.converse",
		.when = "metadata.usage.inputTokens",
		.usage = "metadata.usage",
		.counts = BEDROCK_COUNTS,
		.flags = TS_USAGE_TOTAL_TELLS,
	},
	{
		/* Amazon's own models, as invoked */
		.name = "bedrock.invoke",
		.when = "usage.inputTokenCount usage.outputTokenCount",
		.usage = "usage",
		.counts =
			{
				[TS_COUNT_INPUT] = "inputTokenCount",
				[TS_COUNT_OUTPUT] = "outputTokenCount",
			},
	},
	{
		/* Llama, as invoked */
		.name = "bedrock.invoke",
		.when = "usage.prompt_token_count usage.generation_token_count",
		.usage = "usage",
		.counts =
			{
				[TS_COUNT_INPUT] = "prompt_token_count",
				[TS_COUNT_OUTPUT] = "generation_token_count",
			},
	},
	{
		.name = "langchain",
		.when = "usage_metadata.input_tokens",
		.usage = "usage_metadata",
		.counts =
			{
				[TS_COUNT_INPUT] = "input_tokens",
				[TS_COUNT_CACHE_READ] = "input_token_details.cache_read",
				[TS_COUNT_CACHE_WRITE] = "input_token_details.cache_creation",
				[TS_COUNT_OUTPUT] = "output_tokens",
				[TS_COUNT_REASONING] = "output_token_details.reasoning",
			},
		.flags = TS_USAGE_ADDS | TS_USAGE_LIBRARY,
	},
	{
		.name = "langchain",
		.when = "response_metadata.token_usage.prompt_tokens",
		.usage = "response_metadata.token_usage",
		.counts = OPENAI_CHAT_COUNTS,
		.flags = TS_USAGE_LIBRARY,
	},
	{
		.name = "langchain",
		.when = "llm_output.token_usage.prompt_tokens",
		.usage = "llm_output.token_usage",
		.counts = OPENAI_CHAT_COUNTS,
		.flags = TS_USAGE_LIBRARY,
	},
	{.name = NULL},
};

const struct ts_usage_provider ts_usage_providers[] = {
	{"provider id=gen-*", "openrouter"},
	{"usage.cost_details model=*/*", "openrouter"},
	{"prompt_eval_count|eval_count|prompt_eval_duration total_duration", "ollama"},
	{"usageMetadata.trafficType|usage_metadata.traffic_type", "gcp.vertex_ai"},
	{"usageMetadata modelVersion=gemini-*", "gcp.gen_ai"},
	{"usage_metadata.total_token_count model_version=gemini-*", "gcp.gen_ai"},
	{"type=message id=msg_bdrk_*", "aws.bedrock"},
	{"type=message id=msg_vrtx_*", "gcp.vertex_ai"},
	{"type=message id=msg_* model=claude-*", "anthropic"},
	{"type=message_start message.id=msg_bdrk_*", "aws.bedrock"},
	{"type=message_start message.id=msg_vrtx_*", "gcp.vertex_ai"},
	{"type=message_start message.id=msg_* message.model=claude-*", "anthropic"},
	{"usage.inputTokens metrics.latencyMs", "aws.bedrock"},
	{"metadata.usage.inputTokens metadata.metrics.latencyMs", "aws.bedrock"},
	{"x_groq", "groq"},
	{"usage.prompt_cache_hit_tokens model=deepseek-chat", "deepseek"},
	{"usage.prompt_cache_hit_tokens model=deepseek-reasoner", "deepseek"},
	{"usage.search_context_size model=sonar*", "perplexity"},
	{"prompt_filter_results model=gpt-*", "azure.ai.openai"},
	{"model=gpt-oss*", NULL}, /* open weights, which anybody serves under OpenAI's shapes */
	{"response.model=gpt-oss*", NULL},
	{"id=chatcmpl-* model=gpt-*", "openai"},
	{"id=chatcmpl-* model=chatgpt-*", "openai"},
	{"id=chatcmpl-* model=o1*", "openai"},
	{"id=chatcmpl-* model=o3*", "openai"},
	{"id=chatcmpl-* model=o4-*", "openai"},
	{"object=response id=resp_* model=gpt-*", "openai"},
	{"object=response id=resp_* model=o1*", "openai"},
	{"object=response id=resp_* model=o3*", "openai"},
	{"object=response id=resp_* model=o4-*", "openai"},
	{"type=response.* response.id=resp_* response.model=gpt-*", "openai"},
	{"type=response.* response.id=resp_* response.model=o1*", "openai"},
	{"type=response.* response.id=resp_* response.model=o3*", "openai"},
	{"type=response.* response.id=resp_* response.model=o4-*", "openai"},
	{"object=list model=text-embedding-3-*", "openai"},
	{"object=list model=text-embedding-ada-002*", "openai"},
	{NULL, NULL},
};

const char ts_usage_model[] = "model|message.model|response.model|modelVersion|model_version|"
			      "response_metadata.model_name|"
			      "response_metadata.model|llm_output.model_name";

const char ts_usage_service_tier[] =
	"usage.service_tier|service_tier|response.service_tier|message.usage.service_tier|"
	"usageMetadata.trafficType|usage_metadata.traffic_type|response_metadata.service_tier";

const char *const ts_usage_answers[] = {
	"choices",
	"candidates",
	"type=message id=msg_*",
	"type=message_start message",
	"type=message_delta delta",
	"object=response output",
	"type=response.* response.model",
	"model done",
	"output.message stopReason",
	"metadata.usage",
	NULL,
};

const char *const ts_usage_ends[] = {
	"choices[].finish_reason=*",
	"choices#0",
	"type=message_delta delta.stop_reason=*",
	"type=message_stop",
	"type=response.completed",
	"type=response.incomplete",
	"type=response.failed",
	"candidates[].finishReason=*",
	"candidates[].finish_reason=*",
	"done_reason",
	"done~true",
	"metadata.usage",
	"response_metadata.finish_reason=*",
	"response_metadata.stop_reason=*",
	"response_metadata.done_reason=*",
	"chunk_position=last",
	NULL,
};

const char *const ts_usage_more[] = {
	"usage.server_tool_use.web_search_requests>0",
	"usage.inference_geo=us*",
	"message.usage.inference_geo=us*",
	"usage.prompt_tokens_details.audio_tokens>0",
	"usage.completion_tokens_details.audio_tokens>0",
	"usage.num_search_queries>0",
	"usage.search_context_size",
	"usageMetadata.promptTokensDetails~AUDIO",
	"usageMetadata.candidatesTokensDetails~AUDIO",
	"usageMetadata.candidatesTokensDetails~IMAGE",
	"usage_metadata.prompt_tokens_details~AUDIO",
	"usage_metadata.candidates_tokens_details~AUDIO",
	"usage_metadata.candidates_tokens_details~IMAGE",
	"output~\"web_search_call\"",
	"output~\"file_search_call\"",
	"output~\"code_interpreter_call\"",
	"response.output~\"web_search_call\"",
	"response.output~\"file_search_call\"",
	"response.output~\"code_interpreter_call\"",
	NULL,
};

const char *const ts_usage_remote[] = {"remote_model", "remote_host", NULL};
