import { isoInstant } from '../../lib/base/iso-instant.js';

describe('an instant as text', () => {
  const zone = process.env['TZ'];
  afterEach(() => {
    process.env['TZ'] = zone ?? '';
    if (zone === undefined) delete process.env['TZ'];
  });

  test.each(['UTC', 'America/New_York', 'Asia/Kolkata'])('is the same on every machine: %s', place => {
    process.env['TZ'] = place;
    expect(isoInstant('1997-01-02')).toBe(Date.UTC(1997, 0, 2));
    expect(isoInstant('1997-01-02T10:00Z')).toBe(Date.UTC(1997, 0, 2, 10));
    expect(isoInstant('1997-01-02T10:00:00.25+05:30')).toBe(Date.UTC(1997, 0, 2, 4, 30, 0, 250));
    expect(isoInstant('1997-01-02T10:00:00.123456789-02:00')).toBe(Date.UTC(1997, 0, 2, 12, 0, 0, 123));
  });

  test.each([
    '1997-01-02T10:00',
    '1997-01-02T10:00:00',
    '1997-01-02 10:00Z',
    '1997-02-29',
    '1997-1-2',
    '1997-01-02T24:00Z',
    '1997-01-02T10:00+24:00',
    '19970102T100000Z',
    ' 1997-01-02',
    '1997',
    '',
  ])('is none without an offset, or in no calendar: %j', text => {
    expect(isoInstant(text)).toBeUndefined();
  });
});
