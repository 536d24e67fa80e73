/** The demo's own JSON. A refusal becomes an Error whose message is the server's sentence. */
async function call(path, options) {
  const response = await fetch(`/demo/api/${path}`, options);
  if (!response.ok) throw new Error((await response.text()) || `The demo answered ${response.status}.`);
  return response.json();
}

export const get = (path, query = {}) => call(`${path}?${new URLSearchParams(query)}`);

export const post = (path, body) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
