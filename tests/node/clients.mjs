// Runs one of the clients that people have against a silo with the embedded model: node clients.mjs CLIENT URL. Prints what came; ends with 1 where something is wrong.
import assert from 'node:assert/strict';

const question = 'What is 23 + 48?';
const answer = '23 + 48 = 71';
const model = 'crescent-tiny';
const schema = {
  type: 'object',
  properties: { city: { type: 'string', enum: ['Oslo', 'Rome'] } },
  required: ['city'],
  additionalProperties: false,
};
const [, , client, url] = process.argv;

const runs = {
  async openai() {
    const { default: OpenAI } = await import('openai');
    const api = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
    const messages = [{ role: 'user', content: question }];
    const chat = await api.chat.completions.create({ model, messages, temperature: 0 });
    assert.equal(chat.choices[0].message.content, answer);
    assert.ok(chat._request_id);
    let text = '';
    for await (const chunk of await api.chat.completions.create({ model, messages, temperature: 0, stream: true, stream_options: { include_usage: true } })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(text, answer);

    const whole = await api.responses.create({ model, input: question, temperature: 0 });
    assert.equal(whole.output_text, answer);
    assert.equal((await api.responses.retrieve(whole.id)).output_text ?? whole.output_text, answer);
    const next = await api.responses.create({ model, previous_response_id: whole.id, input: 'What is 2 + 3?', temperature: 0, max_output_tokens: 16 });
    assert.equal(next.previous_response_id, whole.id);
    assert.ok(next.usage.input_tokens > whole.usage.input_tokens);
    const counted = await api.responses.inputTokens.count({ model, input: question });
    assert.equal(counted.input_tokens, whole.usage.input_tokens);
    const stream = api.responses.stream({ model, input: question, temperature: 0 });
    const kinds = new Set();
    for await (const event of stream) {
      kinds.add(event.type);
    }
    assert.ok(kinds.has('response.output_text.delta') && kinds.has('response.completed'));
    assert.equal((await stream.finalResponse()).output_text, answer);
    const tool = { type: 'function', name: 'weather', description: 'The weather in a city.', parameters: schema, strict: true };
    const called = await api.responses.create({ model, input: 'How is the weather in Oslo?', tools: [tool], tool_choice: 'required', parallel_tool_calls: false, temperature: 0, max_output_tokens: 80 });
    const call = called.output.find(item => item.type === 'function_call');
    assert.ok(['Oslo', 'Rome'].includes(JSON.parse(call.arguments).city));
    const format = { type: 'json_schema', name: 'place', schema, strict: true };
    const formed = await api.responses.create({ model, input: 'Oslo?', text: { format }, temperature: 0, max_output_tokens: 60 });
    assert.ok(['Oslo', 'Rome'].includes(JSON.parse(formed.output_text).city));
    await api.responses.delete(whole.id);
    await assert.rejects(api.responses.retrieve(whole.id), { status: 404 });
    await assert.rejects(api.responses.create({ model, input: 'a', background: true }), { status: 400, param: 'background' });
  },

  async anthropic() {
    const { default: Anthropic } = await import('@anthropic-ai/sdk');
    const api = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 });
    const asked = { model, max_tokens: 80, temperature: 0, messages: [{ role: 'user', content: question }] };
    const whole = await api.messages.create(asked);
    assert.deepEqual([whole.content[0].text, whole.stop_reason], [answer, 'end_turn']);
    assert.ok(whole._request_id);
    const stream = api.messages.stream({ ...asked, system: [{ type: 'text', text: 'You are Crescent, a helpful assistant.', cache_control: { type: 'ephemeral' } }] });
    let text = '';
    stream.on('text', piece => { text += piece; });
    const final = await stream.finalMessage();
    assert.equal(final.content[0].text, text);
    assert.ok(final.usage.output_tokens > 0);
    const counted = await api.messages.countTokens({ model, messages: asked.messages });
    assert.equal(counted.input_tokens, whole.usage.input_tokens + whole.usage.cache_read_input_tokens);
    const tools = [{ name: 'weather', description: 'The weather in a city.', input_schema: schema }];
    const weather = [{ role: 'user', content: 'How is the weather in Oslo?' }];
    const called = await api.messages.stream({ ...asked, messages: weather, tools, tool_choice: { type: 'any', disable_parallel_tool_use: true } }).finalMessage();
    const call = called.content.find(block => block.type === 'tool_use');
    assert.equal(called.stop_reason, 'tool_use');
    assert.ok(['Oslo', 'Rome'].includes(call.input.city));
    const back = [...weather, { role: 'assistant', content: called.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'rain' }] }];
    assert.equal((await api.messages.create({ ...asked, messages: back, tools })).role, 'assistant');
    const stopped = await api.messages.create({ ...asked, stop_sequences: ['= 7'] });
    assert.deepEqual([stopped.stop_reason, stopped.stop_sequence, stopped.content[0].text.trim()], ['stop_sequence', '= 7', '23 + 48']);
    await assert.rejects(api.messages.create({ ...asked, container: 'c' }), error => error instanceof Anthropic.BadRequestError && error.error.error.type === 'invalid_request_error');
  },

  async langchain() {
    const { ChatOpenAI } = await import('@langchain/openai');
    const settings = { model, temperature: 0, apiKey: 'none', maxRetries: 0, configuration: { baseURL: `${url}/v1` } };
    const chat = new ChatOpenAI(settings);
    assert.equal((await chat.invoke(question)).content, answer);
    let text = '';
    for await (const chunk of await chat.stream(question)) {
      text += chunk.content;
    }
    assert.equal(text, answer);
    const tool = { type: 'function', function: { name: 'weather', description: 'The weather in a city.', parameters: schema } };
    const called = await chat.bindTools([tool], { tool_choice: 'weather' }).invoke('How is the weather in Oslo?');
    assert.ok(['Oslo', 'Rome'].includes(called.tool_calls[0].args.city));
    const responses = new ChatOpenAI({ ...settings, useResponsesApi: true });
    assert.equal((await responses.invoke(question)).text, answer);
  },

  async ai() {
    const { generateText, streamText, tool, jsonSchema } = await import('ai');
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
    const crescent = createOpenAICompatible({ name: 'crescent', baseURL: `${url}/v1`, includeUsage: true })(model);
    const whole = await generateText({ model: crescent, prompt: question, temperature: 0, maxRetries: 0 });
    assert.equal(whole.text, answer);
    const stream = streamText({ model: crescent, prompt: question, temperature: 0, maxRetries: 0 });
    let text = '';
    for await (const piece of stream.textStream) {
      text += piece;
    }
    assert.equal(text, answer);
    assert.ok((await stream.usage).outputTokens > 0);
    const tools = { weather: tool({ description: 'The weather in a city.', inputSchema: jsonSchema(schema) }) };
    const called = await generateText({ model: crescent, prompt: 'How is the weather in Oslo?', tools, toolChoice: 'required', temperature: 0, maxRetries: 0 });
    assert.ok(['Oslo', 'Rome'].includes(called.toolCalls[0].input.city));
  },
};

await runs[client]();
console.log(`${client}: well`);
