#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# curl.sh --http1.1|--http2: curl at the APIs that have no package here.
set -u

protocol=$1

# ask URL HEADER BODY [OPTION...]: what comes back, its status and that of curl.
ask() {
	url=$1 header=$2 body=$3
	shift 3
	curl -sS "$protocol" --cacert "$SSL_CERT_FILE" -H "$header" -H 'content-type: application/json' -d "$body" "$@" \
		-w '\n%{http_version} %{http_code}\n' "$url"
	echo "curl: $?"
}

chat() { # MODEL [MEMBER]
	printf '{"model":"%s","messages":[{"role":"user","content":"How far?"}]%s}' "$1" "${2+,$2}"
}

bearer="authorization: Bearer $OPENAI_API_KEY"
openrouter=https://openrouter.ai/api/v1/chat/completions
for words in '' +gzip +br +chop=3 +gzip+chop=4 +status=429; do
	ask $openrouter "$bearer" "$(chat "anthropic/claude-sonnet-4.5$words")" --compressed
	ask $openrouter "$bearer" "$(chat "anthropic/claude-sonnet-4.5$words" '"stream":true,"stream_options":{"include_usage":true}')" --compressed -N
done
ask $openrouter "$bearer" "$(chat anthropic/claude-sonnet-4.5+cut=4 '"stream":true')"

bedrock=https://bedrock-runtime.eu-central-1.amazonaws.com/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0
signed="authorization: AWS4-HMAC-SHA256 Credential=$AWS_ACCESS_KEY_ID/20251009/eu-central-1/bedrock/aws4_request, Signature=$AWS_SECRET_ACCESS_KEY"
question='{"system":[{"text":"Be brief."}],"messages":[{"role":"user","content":[{"text":"How far?"}]}]}'
ask $bedrock/converse "$signed" "$question"
ask $bedrock/converse-stream "$signed" "$question" | base64
ask $bedrock/converse-stream "$signed" "$question" -H 'x-script: chop=5' | base64
ask $bedrock/converse-stream "$signed" "$question" -H 'x-script: error=3' | base64
ask $bedrock/converse "$signed" "$question" -H 'x-script: status=429'

gemini=https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro
question='{"contents":[{"role":"user","parts":[{"text":"How far?"}]}]}'
ask "$gemini:generateContent?key=$GEMINI_API_KEY" 'accept: */*' "$question"
ask "$gemini:streamGenerateContent?alt=sse&key=$GEMINI_API_KEY" 'accept: */*' "$question"

# What is no call of a model, at a provider's host and elsewhere
curl -sS "$protocol" --cacert "$SSL_CERT_FILE" -H "$bearer" https://api.openai.com/v1/models
ask https://shop.example/v1/chat/completions "$bearer" "$(chat gpt-4o)"
