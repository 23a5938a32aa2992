import { attribute, child, children, el } from './dom.ts';
import { NS } from './ns.ts';

/** Values by field, in the order of the form (XEP-0004). */
export type Form = Map<string, string[]>;

/** Reads the form inside an element; fields without a name say nothing that could be sent back. */
export function readForm(parent: Element | undefined): Form | undefined {
  const x = child(parent, 'x', NS.form);
  if (!x) return undefined;
  const form: Form = new Map();
  for (const field of children(x, 'field', NS.form)) {
    const name = attribute(field, 'var');
    if (name) form.set(name, children(field, 'value', NS.form).map((value) => value.textContent));
  }
  return form;
}

export function submitForm(form: Form): Element {
  const fields = [...form].map(([name, values]) =>
    el('field', NS.form, name === 'FORM_TYPE' ? { var: name, type: 'hidden' } : { var: name }, ...values.map((value) => el('value', NS.form, {}, value))),
  );
  return el('x', NS.form, { type: 'submit' }, ...fields);
}
