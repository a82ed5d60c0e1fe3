import type { Shape } from './shape.js';

/**
 * A path inside a record as an error may tell it: declared names and indices as they are, `*` for every name that only
 * the record knows.
 *
 * @internal
 */
export function declaredPath(shape: Shape, path: readonly string[]): string {
  const told: string[] = [];
  let inner: Shape | undefined = shape;
  for (const segment of path) {
    const step: Step = inner === undefined ? unknownStep : stepInto(inner, segment);
    told.push(step.named ? segment : '*');
    inner = step.shape;
  }
  return told.join('.');
}

interface Step {
  readonly named: boolean;
  readonly shape: Shape | undefined;
}

const unknownStep: Step = { named: false, shape: undefined };

function stepInto(shape: Shape, segment: string): Step {
  switch (shape.kind) {
    case 'record': {
      const field = shape.fields.get(segment);
      return field === undefined ? unknownStep : { named: true, shape: field };
    }
    case 'array':
      return { named: true, shape: shape.items };
    case 'tuple':
      return { named: true, shape: shape.items[Number(segment)] };
    case 'dictionary':
      return { named: false, shape: shape.values };
    case 'lazy':
      return stepInto(shape.get(), segment);
    case 'union':
      return firstNamed(
        shape.members.map(member => member.shape),
        segment,
      );
    case 'intersection':
      return firstNamed(shape.parts, segment);
    default:
      return unknownStep;
  }
}

function firstNamed(shapes: readonly Shape[], segment: string): Step {
  for (const shape of shapes) {
    const step = stepInto(shape, segment);
    if (step.named) return step;
  }
  return unknownStep;
}
