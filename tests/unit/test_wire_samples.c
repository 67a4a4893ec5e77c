// SPDX-License-Identifier: Apache-2.0
/* What each API sends, over HTTP/1.1: fed whole, cut in two at every byte, and byte by byte, it is the same call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_fixture.h"

#define SSE "content-type: text/event-stream; charset=utf-8\r\n"

struct sample {
	const char *name;
	const char *host, *path, *request;
	int status;
	const char *headers, *body;
	const char *expected[24]; /* lines that must be there; "-x": no line of x */
};

static const struct sample samples[] = {
	{
		.name = "OpenAI chat, streamed",
		.host = "api.openai.com",
		.path = "/v1/chat/completions",
		.request = "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"model\":\"gpt-"
			   "4o\",\"stream\":true}",
		.status = 200,
		.headers = SSE "x-request-id: req_1\r\n",
		.body = "data: "
			"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":"
			"\"gpt-4o-2024-08-06\","
			"\"service_tier\":\"default\",\"choices\":[{\"index\":0,\"delta\":{"
			"\"role\":\"assistant\",\"content\":\"\"},"
			"\"finish_reason\":null}],\"usage\":null}\n\n"
			"data: "
			"{\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
			"\"Hel\"}}],\"usage\":null}\n\n"
			"data: "
			"{\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
			"\"lo \\\"you\\\" \\ud83d\"}}]}\n\n"
			"data: "
			"{\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
			"\"\\ude00\"}}],"
			"\"obfuscation\":\"x\"}\n\n"
			"data: "
			"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":"
			"\"gpt-4o-2024-08-06\","
			"\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
			"\"usage\":null}\n\n"
			"data: "
			"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":"
			"\"gpt-4o-2024-08-06\","
			"\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,"
			"\"total_tokens\":21,"
			"\"prompt_tokens_details\":{\"cached_tokens\":0}}}\n\n"
			"data: [DONE]\n\n",
		.expected =
			{"call=openai",
			 "api=chat_completions",
			 "host=api.openai.com",
			 "path=/v1/chat/completions",
			 "http=1.1",
			 "status=200",
			 "request_id=req_1",
			 "response_id=chatcmpl-1",
			 "pieces=3",
			 "streamed=1",
			 "asked=gpt-4o",
			 "served=gpt-4o-2024-08-06",
			 "tier=default",
			 "messages={\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
			 "parameters={\"model\":\"gpt-4o\",\"stream\":true}",
			 "answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\","
			 "\"content\":\"Hello \\\"you\\\" "
			 "\\ud83d\\ude00\"}],\"finish_reason\":\"stop\"}]",
			 "usage={\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21,"
			 "\"prompt_tokens_details\":{\"cached_tokens\":0}}",
			 "outcome=done",
			 "-error",
			 "started=1",
			 "first_byte=2",
			 "context=7"},
	},
	{
		.name = "OpenAI chat, tools in two choices",
		.host = "api.openai.com",
		.path = "/v1/chat/completions",
		.request = "{\"model\":\"gpt-4o\",\"messages\":[]}",
		.status = 200,
		.headers = SSE,
		.body = "data: "
			"{\"choices\":[{\"index\":1,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":"
			"\"call_1\",\"type\":"
			"\"function\",\"function\":{\"name\":\"weather\",\"arguments\":\"\"}}]}}]}"
			"\n\n"
			"data: "
			"{\"choices\":[{\"index\":1,\"delta\":{\"tool_calls\":[{\"index\":0,"
			"\"function\":{\"arguments\":"
			"\"{\\\"city\\\":\"}}]}}]}\n\n"
			"data: "
			"{\"choices\":[{\"index\":1,\"delta\":{\"tool_calls\":[{\"index\":0,"
			"\"function\":{\"arguments\":"
			"\" "
			"\\\"L\\u00f6w\\\"}\"}},{\"index\":1,\"id\":\"call_2\",\"function\":{"
			"\"name\":\"now\",\"arguments\":"
			"\"not json\"}}]}}]}\n\n"
			"data: "
			"{\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\","
			"\"content\":\"b\"}}]}\n\n"
			"data: "
			"{\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"tool_calls\"},"
			"{\"index\":0,\"delta\":{},"
			"\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
		.expected = {"answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"reasoning\","
			     "\"content\":\"hm\"},"
			     "{\"type\":\"text\",\"content\":\"b\"}],\"finish_reason\":\"stop\"},{"
			     "\"role\":\"assistant\",\"parts\":["
			     "{\"type\":\"tool_call\",\"id\":\"call_1\",\"name\":\"weather\","
			     "\"arguments\":{\"city\": \"Löw\"}},"
			     "{\"type\":\"tool_call\",\"id\":\"call_2\",\"name\":\"now\","
			     "\"arguments\":\"not json\"}],"
			     "\"finish_reason\":\"tool_calls\"}]",
			     "tools=2", "outcome=done", "-usage"},
	},
	{
		.name = "OpenAI chat, whole",
		.host = "api.groq.com",
		.path = "/openai/v1/chat/completions",
		.request = "{\"model\":\"llama\",\"messages\":[],\"tools\":[]}",
		.status = 200,
		.headers = "content-type: application/json\r\n",
		.body = "{\n \"id\": \"c\", \"model\": \"llama-3\", \"choices\": [{\"index\": 0, "
			"\"message\": {\"role\": \"assistant\","
			" \"content\": \"a\\u0000b\\ud800c\"}, \"finish_reason\": \"length\"}], "
			"\"usage\": {\"prompt_tokens\": 1}\n}\n",
		.expected = {"call=groq", "parameters={\"model\":\"llama\",\"tools\":[]}",
			     "-streamed", "-pieces", "-first_token",
			     "answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\","
			     "\"content\":\"a\\u2400b\\ufffdc\"}],"
			     "\"finish_reason\":\"length\"}]",
			     "usage={\"prompt_tokens\": 1}", "outcome=done"},
	},
	{
		.name = "OpenAI responses, streamed",
		.host = "api.openai.com",
		.path = "/v1/responses",
		.request = "{\"model\":\"gpt-4o\",\"instructions\":\"be\",\"input\":\"hi\","
			   "\"stream\":true}",
		.status = 200,
		.headers = SSE,
		.body = "event: response.created\ndata: "
			"{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"model\":"
			"\"gpt-4o\","
			"\"error\":null}}\n\n"
			"event: response.output_item.added\ndata: "
			"{\"type\":\"response.output_item.added\",\"output_index\":1,\"item\":"
			"{\"type\":\"function_call\",\"id\":\"fc_1\",\"call_id\":\"call_9\","
			"\"name\":\"f\",\"arguments\":\"\"}}\n\n"
			"event: response.output_text.delta\ndata: "
			"{\"type\":\"response.output_text.delta\",\"output_index\":0,"
			"\"content_index\":0,\"delta\":\"hey\"}\n\n"
			"event: response.function_call_arguments.delta\ndata: "
			"{\"type\":\"response.function_call_arguments.delta\","
			"\"output_index\":1,\"delta\":\"{}\"}\n\n"
			"event: response.completed\n"
			"data: "
			"{\"type\":\"response.completed\",\"sequence_number\":41,\"response\":{"
			"\"id\":\"resp_1\",\"status\":\"completed\","
			"\"model\":\"gpt-4o-2024-08-06\",\"output\":[{\"type\":\"message\","
			"\"content\":[{\"type\":\"output_text\",\"text\":"
			"\"hey\"}]}],\"usage\":{\"input_tokens\":9,\"input_tokens_details\":{"
			"\"cached_tokens\":0},\"output_tokens\":12,"
			"\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":21}}}"
			"\n\n",
		.expected =
			{"api=responses", "served=gpt-4o-2024-08-06", "response_id=resp_1",
			 "messages={\"instructions\":\"be\",\"input\":\"hi\"}",
			 "answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"tool_call\","
			 "\"id\":\"call_9\",\"name\":\"f\",\"arguments\":{}},"
			 "{\"type\":\"text\",\"content\":\"hey\"}],\"finish_reason\":\"completed\"}"
			 "]",
			 "usage={\"input_tokens\":9,\"input_tokens_details\":{\"cached_tokens\":0},"
			 "\"output_tokens\":12,"
			 "\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":21}",
			 "pieces=2", "tools=1", "outcome=done"},
	},
	{
		.name = "OpenAI responses, failed inside of 200",
		.host = "api.openai.com",
		.path = "/v1/responses",
		.request = "{\"model\":\"m\"}",
		.status = 200,
		.headers = "content-type: application/json\r\n",
		.body = "{\"id\":\"r\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\","
			"\"message\":\"Sorry.\"},\"output\":[]}",
		.expected = {"outcome=failed", "error_type=server_error", "error=Sorry."},
	},
	{
		.name = "OpenAI embeddings",
		.host = "myres.openai.azure.com",
		.path = "/openai/deployments/my%20emb/embeddings?api-version=2024-10-21",
		.request = "{\"input\":[\"a\",\"b\"]}",
		.status = 200,
		.headers = "content-type: application/json\r\napim-request-id: z\r\n",
		.body = "{\"object\":\"list\",\"data\":[{\"index\":0,\"embedding\":[0.1,-2e-3]}],"
			"\"model\":\"ada\",\"usage\":"
			"{\"prompt_tokens\":2,\"total_tokens\":2}}",
		.expected = {"call=azure.ai.openai", "api=embeddings",
			     "path=/openai/deployments/my%20emb/embeddings", "asked=my emb",
			     "served=ada", "request_id=z", "-answer",
			     "usage={\"prompt_tokens\":2,\"total_tokens\":2}", "outcome=done",
			     "messages={\"input\":[\"a\",\"b\"]}", "-parameters"},
	},
	{
		.name = "Anthropic, streamed",
		.host = "api.anthropic.com",
		.path = "/v1/messages?beta=true",
		.request = "{\"max_tokens\":5,\"system\":\"s\",\"messages\":[{\"role\":\"user\","
			   "\"content\":\"q\"}],\"model\":\"claude\"}",
		.status = 200,
		.headers = SSE "request-id: req_a\r\nx-request-id: other\r\n",
		.body = "event: message_start\n"
			"data: "
			"{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":"
			"\"claude-sonnet-4-5-20250929\",\"usage\":"
			"{\"input_tokens\":25,\"cache_creation_input_tokens\":0,\"cache_read_input_"
			"tokens\":100,\"output_tokens\":1}}}\n\n"
			"event: ping\ndata: {\"type\":\"ping\"}\n\n"
			"event: content_block_start\ndata: "
			"{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":"
			"\"thinking\",\"thinking\":\"\"}}\n\n"
			"event: content_block_delta\ndata: "
			"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
			"\"thinking_delta\",\"thinking\":\"hm\"}}\n\n"
			"event: content_block_delta\ndata: "
			"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
			"\"signature_delta\",\"signature\":\"zz\"}}\n\n"
			"event: content_block_delta\ndata: "
			"{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":"
			"\"text_delta\",\"text\":\"Yes\"}}\n\n"
			"event: content_block_start\ndata: "
			"{\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":"
			"\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get\",\"input\":{}}}\n\n"
			"event: content_block_delta\ndata: "
			"{\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":"
			"\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":\"}}\n\n"
			"event: content_block_delta\ndata: "
			"{\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":"
			"\"input_json_delta\",\"partial_json\":\" 12345678901234567890}\"}}\n\n"
			"event: message_delta\n"
			"data: "
			"{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\","
			"\"stop_sequence\":null},\"usage\":"
			"{\"output_tokens\":15,\"input_tokens\":null}}\n\n"
			"event: message_stop\n"
			"data: {\"type\":\"message_stop\"}\n\n",
		.expected = {"call=anthropic", "api=messages", "path=/v1/messages",
			     "request_id=req_a", "response_id=msg_1",
			     "messages={\"system\":\"s\",\"messages\":[{\"role\":\"user\","
			     "\"content\":\"q\"}]}",
			     "parameters={\"max_tokens\":5,\"model\":\"claude\"}", "pieces=4",
			     "tools=1",
			     "answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"reasoning\","
			     "\"content\":\"hm\"},{\"type\":\"text\","
			     "\"content\":\"Yes\"},{\"type\":\"tool_call\",\"id\":\"toolu_1\","
			     "\"name\":\"get\",\"arguments\":{\"a\": "
			     "12345678901234567890}}],\"finish_reason\":\"tool_use\"}]",
			     "usage={\"input_tokens\":25,\"cache_creation_input_tokens\":0,\"cache_"
			     "read_input_tokens\":100,"
			     "\"output_tokens\":15}",
			     "outcome=done"},
	},
	{
		.name = "Anthropic, an error in the stream",
		.host = "api.anthropic.com",
		.path = "/v1/messages",
		.request = "{\"model\":\"claude\"}",
		.status = 200,
		.headers = SSE,
		.body = "event: error\r\ndata: "
			"{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
			"\"Overloaded\"}}\r\n\r\n",
		.expected = {"outcome=failed", "error_type=overloaded_error", "error=Overloaded"},
	},
	{
		.name = "Anthropic, refused",
		.host = "api.anthropic.com",
		.path = "/v1/messages",
		.request = "{\"model\":\"claude\"}",
		.status = 529,
		.headers = "content-type: application/json\r\n",
		.body = "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
			"\"Over\\nloaded\"},\"request_id\":\"r\"}",
		.expected = {"status=529", "outcome=refused", "error_type=overloaded_error",
			     "-answer"},
	},
	{
		.name = "Anthropic, whole",
		.host = "api.anthropic.com:443",
		.path = "/v1/messages",
		.request = "{\"model\":\"claude\"}",
		.status = 200,
		.headers = "content-type: application/json\r\n",
		.body = "{\"type\":\"message\",\"id\":\"m\",\"model\":\"c\",\"content\":[{\"type\":"
			"\"text\",\"text\":\"a\"},{\"type\":"
			"\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{\"x\":[1]}}],\"stop_"
			"reason\":\"tool_use\",\"usage\":"
			"{\"input_tokens\":1,\"service_tier\":\"standard\"}}",
		.expected = {"tier=standard", "tools=1",
			     "answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\","
			     "\"content\":\"a\"},{\"type\":\"tool_call\","
			     "\"id\":\"t\",\"name\":\"n\",\"arguments\":{\"x\":[1]}}],\"finish_"
			     "reason\":\"tool_use\"}]"},
	},
	{
		.name = "Gemini, server-sent events",
		.host = "generativelanguage.googleapis.com",
		.path = "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse&key=secret",
		.request = "{\"contents\":[],\"generationConfig\":{}}",
		.status = 200,
		.headers = SSE,
		.body = "data: "
			"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"so\",\"thought\":"
			"true}]}}],\"usageMetadata\":{}}\r\n\r\n"
			"data: "
			"{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":"
			"\"hi\"},{\"functionCall\":{\"name\":"
			"\"f\",\"args\":{\"k\":1}}}]},\"finishReason\":\"STOP\"}],"
			"\"usageMetadata\":{\"promptTokenCount\":9,"
			"\"candidatesTokenCount\":12,\"thoughtsTokenCount\":30,\"totalTokenCount\":"
			"51},\"modelVersion\":"
			"\"gemini-2.5-pro\",\"responseId\":\"r1\"}\r\n\r\n",
		.expected = {"call=gcp.gemini", "api=generate_content",
			     "path=/v1beta/models/gemini-2.5-pro:streamGenerateContent",
			     "asked=gemini-2.5-pro", "served=gemini-2.5-pro", "response_id=r1",
			     "pieces=3", "parameters={\"generationConfig\":{}}",
			     "answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"reasoning\","
			     "\"content\":\"so\"},{\"type\":\"text\","
			     "\"content\":\"hi\"},{\"type\":\"tool_call\",\"name\":\"f\","
			     "\"arguments\":{\"k\":1}}],\"finish_reason\":\"STOP\"}]",
			     "usage={\"promptTokenCount\":9,\"candidatesTokenCount\":12,"
			     "\"thoughtsTokenCount\":30,\"totalTokenCount\":51}",
			     "outcome=done"},
	},
	{
		.name = "Gemini, a list that comes piece by piece",
		.host = "us-central1-aiplatform.googleapis.com",
		.path = "/v1/projects/p/locations/l/publishers/google/models/"
			"gemini-x:streamGenerateContent",
		.request = "{\"contents\":[]}",
		.status = 200,
		.headers = "content-type: application/json\r\n",
		.body = "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a]\"}]}}]}\n,\r\n{"
			"\"candidates\":[{\"content\":{\"parts\":"
			"[{\"text\":\"b\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{"
			"\"promptTokenCount\":1}}\n]",
		.expected = {"call=gcp.vertex_ai", "asked=gemini-x", "streamed=1", "pieces=2",
			     "usage={\"promptTokenCount\":1}",
			     "answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\","
			     "\"content\":\"a]b\"}],\"finish_reason\":\"STOP\"}]",
			     "outcome=done"},
	},
	{
		.name = "Gemini, refused in a list",
		.host = "generativelanguage.googleapis.com",
		.path = "/v1beta/models/g:streamGenerateContent",
		.request = "{}",
		.status = 429,
		.headers = "content-type: application/json\r\n",
		.body = "[{\"error\":{\"code\":429,\"message\":\"quota\",\"status\":\"RESOURCE_"
			"EXHAUSTED\",\"details\":[]}}]",
		.expected = {"outcome=refused", "error_type=RESOURCE_EXHAUSTED", "error=quota"},
	},
	{
		.name = "Gemini, a bare error in the stream",
		.host = "generativelanguage.googleapis.com",
		.path = "/v1beta/models/g:streamGenerateContent?alt=sse",
		.request = "{}",
		.status = 200,
		.headers = SSE,
		.body = "data: "
			"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n\n{"
			"\n\"error\": {\"code\": 503, \"message\": "
			"\"gone\", \"status\": \"UNAVAILABLE\"}}\n",
		.expected = {"outcome=failed", "error_type=UNAVAILABLE", "error=gone", "pieces=1"},
	},
	{
		.name = "Ollama, lines",
		.host = "localhost:11434",
		.path = "/api/chat",
		.request = "{\"model\":\"llama3.2\",\"messages\":[]}",
		.status = 200,
		.headers = "content-type: application/x-ndjson\r\n",
		.body = "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":"
			"\"\",\"thinking\":\"t\"},\"done\":false}\n"
			"{\"model\":\"llama3.2\",\"message\":{\"content\":\"x\",\"tool_calls\":[{"
			"\"function\":{\"name\":\"g\",\"arguments\":"
			"{\"p\":true}}}]},\"done\":false}\n"
			"{\"model\":\"llama3.2\",\"created_at\":\"2026-01-01T00:00:00Z\","
			"\"message\":{\"role\":\"assistant\",\"content\":\"\"},"
			"\"done\":true,\"done_reason\":\"stop\",\"total_duration\":174560334,"
			"\"load_duration\":1,\"prompt_eval_count\":11,"
			"\"prompt_eval_duration\":1,\"eval_count\":18,\"eval_duration\":1}\n",
		.expected = {"call=ollama", "api=chat", "host=localhost:11434", "asked=llama3.2",
			     "pieces=3",
			     "answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"reasoning\","
			     "\"content\":\"t\"},{\"type\":\"text\","
			     "\"content\":\"x\"},{\"type\":\"tool_call\",\"name\":\"g\","
			     "\"arguments\":{\"p\":true}}],\"finish_reason\":\"stop\"}]",
			     "usage={\"prompt_eval_count\":11,\"eval_count\":18,\"total_duration\":"
			     "174560334,\"load_duration\":1,"
			     "\"prompt_eval_duration\":1,\"eval_duration\":1}",
			     "outcome=done"},
	},
	{
		.name = "Ollama, an error line",
		.host = "127.0.0.1:11434",
		.path = "/api/generate",
		.request = "{\"model\":\"m\",\"prompt\":\"p\"}",
		.status = 200,
		.headers = "content-type: application/x-ndjson\r\n",
		.body = "{\"model\":\"m\",\"response\":\"a\",\"done\":false}\n{\"error\":\"out of "
			"\\\"memory\\\"\"}\n",
		.expected = {"api=generate", "messages={\"prompt\":\"p\"}", "outcome=failed",
			     "error=out of \"memory\""},
	},
	{
		.name = "OpenRouter, comments and an error in the stream",
		.host = "openrouter.ai",
		.path = "/api/v1/chat/completions",
		.request = "{\"model\":\"anthropic/claude-sonnet-4.5\",\"messages\":[]}",
		.status = 200,
		.headers = SSE "x-generation-id: gen-1\r\n",
		.body = ": OPENROUTER PROCESSING\n\n"
			"data: "
			"{\"id\":\"gen-1\",\"object\":\"chat.completion.chunk\",\"model\":"
			"\"anthropic/claude-sonnet-4.5\",\"choices\":"
			"[{\"index\":0,\"delta\":{\"content\":\"a\",\"reasoning\":\"r\"}}],"
			"\"usage\":{\"prompt_tokens\":9,"
			"\"completion_tokens\":12,\"total_tokens\":21,\"cost\":0.00021,\"cost_"
			"details\":"
			"{\"upstream_inference_cost\":null}}}\n\n"
			"data: {\"error\":{\"code\":502,\"message\":\"Provider "
			"disconnected\"},\"choices\":[{\"index\":0,\"delta\":"
			"{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\n",
		.expected = {"call=openrouter", "request_id=gen-1", "outcome=failed",
			     "error_type=502", "error=Provider disconnected",
			     "usage={\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":"
			     "21,\"cost\":0.00021,\"cost_details\":"
			     "{\"upstream_inference_cost\":null}}",
			     "answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"reasoning\","
			     "\"content\":\"r\"},{\"type\":\"text\",\"content\":\"a\"}],"
			     "\"finish_reason\":\"error\"}]"},
	},
	{
		.name = "a stream without its end",
		.host = "api.openai.com",
		.path = "/v1/chat/completions",
		.request = "{\"model\":\"m\"}",
		.status = 200,
		.headers = SSE,
		.body = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n",
		.expected = {"outcome=cut", "error_type=truncated_stream"},
	},
	{
		.name = "a stream with a finish reason and no [DONE]",
		.host = "api.openai.com",
		.path = "/v1/chat/completions",
		.request = "{\"model\":\"m\"}",
		.status = 200,
		.headers = SSE,
		.body = "data: "
			"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_"
			"reason\":\"stop\"}]}",
		.expected = {"outcome=done", "-error"},
	},
	{
		.name = "Bedrock, Converse",
		.host = "bedrock-runtime.us-east-1.amazonaws.com",
		.path = "/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse",
		.request = "{\"messages\":[],\"inferenceConfig\":{}}",
		.status = 200,
		.headers = "content-type: application/json\r\nx-amzn-requestid: q\r\n",
		.body = "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{"
			"\"reasoningContent\":{\"reasoningText\":{\"text\":\"r\"}}},"
			"{\"text\":\"a\"},{\"toolUse\":{\"toolUseId\":\"i\",\"name\":\"n\","
			"\"input\":{\"z\":0}}}]}},\"stopReason\":\"tool_use\","
			"\"usage\":{\"inputTokens\":3,\"outputTokens\":4,\"totalTokens\":7}}",
		.expected = {"call=aws.bedrock", "api=converse",
			     "asked=anthropic.claude-3-5-sonnet-20240620-v1:0", "request_id=q",
			     "answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"reasoning\","
			     "\"content\":\"r\"},{\"type\":\"text\",\"content\":"
			     "\"a\"},{\"type\":\"tool_call\",\"id\":\"i\",\"name\":\"n\","
			     "\"arguments\":{\"z\":0}}],\"finish_reason\":\"tool_use\"}]",
			     "usage={\"inputTokens\":3,\"outputTokens\":4,\"totalTokens\":7}"},
	},
	{
		.name = "Bedrock, invoke, counted by headers",
		.host = "bedrock-runtime.eu-west-1.amazonaws.com",
		.path = "/model/meta.llama3/invoke",
		.request = "{\"prompt\":\"p\"}",
		.status = 200,
		.headers =
			"content-type: application/json\r\nX-Amzn-Bedrock-Input-Token-Count: 5\r\n"
			"X-Amzn-Bedrock-Output-Token-Count: 6\r\n",
		.body = "{\"generation\":\"g\",\"stop_reason\":\"stop\"}",
		.expected = {"api=invoke", "usage={\"inputTokens\":5,\"outputTokens\":6}",
			     "answer=[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\","
			     "\"content\":\"g\"}],\"finish_reason\":\"stop\"}]"},
	},
	{
		.name = "Bedrock, refused",
		.host = "bedrock-runtime.eu-west-1.amazonaws.com",
		.path = "/model/x/converse",
		.request = "{}",
		.status = 429,
		.headers = "content-type: application/json\r\nx-amzn-errortype: "
			   "ThrottlingException:http://internal/\r\n",
		.body = "{\"message\":\"Too many requests\"}",
		.expected = {"outcome=refused", "error_type=ThrottlingException",
			     "error=Too many requests"},
	},
	{
		.name = "an error page that is no JSON",
		.host = "api.openai.com",
		.path = "/v1/chat/completions",
		.request = "{\"model\":\"m\"}",
		.status = 502,
		.headers = "content-type: text/html\r\n",
		.body = "<html>\"Bad\" Gateway</html>",
		.expected = {"outcome=refused", "error_type=502",
			     "error=<html>\"Bad\" Gateway</html>"},
	},
};

static const struct ts_wire_settings settings;
static struct told told, again;

static size_t request_of(const struct sample *sample, char *to, size_t room)
{
	return (size_t)snprintf(to, room,
				"POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: "
				"*****\r\nContent-Type: application/json\r\n"
				"Content-Length: %zu\r\n\r\n%s",
				sample->path, sample->host, strlen(sample->request),
				sample->request);
}

static size_t response_of(const struct sample *sample, char *to, size_t room)
{
	return (size_t)snprintf(
		to, room, "HTTP/1.1 %d Some Reason\r\n%sContent-Length: %zu\r\n\r\n%s",
		sample->status, sample->headers, strlen(sample->body), sample->body);
}

/* The body in chunks of 1, 2, 3, ... bytes, with an extension and a trailer. */
static size_t chunked_of(const struct sample *sample, char *to, size_t room)
{
	size_t bytes = strlen(sample->body), at = 0, n;

	n = (size_t)snprintf(to, room,
			     "HTTP/1.1 %d Some Reason\r\n%sTransfer-Encoding: chunked\r\n\r\n",
			     sample->status, sample->headers);
	for (size_t size = 1; at < bytes; at += size++) {
		if (size > bytes - at)
			size = bytes - at;
		n += (size_t)snprintf(to + n, room - n, "%zx;a=b\r\n%.*s\r\n", size, (int)size,
				      sample->body + at);
	}
	return n + (size_t)snprintf(to + n, room - n, "0\r\nx-request-id: no\r\n\r\n");
}

static void expect_lines(const struct sample *sample)
{
	for (const char *const *line = sample->expected; *line; line++) {
		char wanted[4096];

		snprintf(wanted, sizeof(wanted), "\n%s%s", *line + (**line == '-'),
			 **line == '-' ? "=" : "\n");
		if (!strncmp(told.text, wanted + 1, strlen(wanted) - 1))
			continue; /* the first line */
		if (!strstr(told.text, wanted) != (**line == '-'))
			fail_msg("%s: %s\n%s", sample->name, *line, told.text);
	}
}

/* Without the line that only chunking changes nothing of: bytes are of the body alone. */
static void expect_same(const struct sample *sample, size_t cut)
{
	if (strcmp(told.text, again.text) != 0)
		fail_msg("%s, cut at %zu:\n%s\nnot\n%s", sample->name, cut, again.text, told.text);
}

static void run_sample(const struct sample *sample)
{
	static char request[16384], response[65536];
	struct piece pieces[2] = {
		{TS_WIRE_SENT, request, request_of(sample, request, sizeof(request))},
		{TS_WIRE_RECEIVED, response, response_of(sample, response, sizeof(response))},
	};
	size_t longest = pieces[0].n > pieces[1].n ? pieces[0].n : pieces[1].n;

	run_pieces(&told, &settings, pieces, 2, 0, TS_WIRE_BY_CLIENT);
	assert_int_equal(told.calls, 1);
	expect_lines(sample);
	for (size_t cut = 1; cut < longest; cut++) {
		run_pieces(&again, &settings, pieces, 2, cut, TS_WIRE_BY_CLIENT);
		expect_same(sample, cut);
	}
	run_pieces(&again, &settings, pieces, 2, SIZE_MAX, TS_WIRE_BY_CLIENT);
	expect_same(sample, SIZE_MAX);
	pieces[1].n = chunked_of(sample, response, sizeof(response));
	for (size_t cut = 0; cut < pieces[1].n; cut += 1 + cut / 64) {
		run_pieces(&again, &settings, pieces, 2, cut, TS_WIRE_BY_CLIENT);
		expect_same(sample, cut);
	}
	run_pieces(&again, &settings, pieces, 2, SIZE_MAX, TS_WIRE_BY_CLIENT);
	expect_same(sample, SIZE_MAX);
}

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		run_sample(&samples[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
