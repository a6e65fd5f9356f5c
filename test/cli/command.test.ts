/** Parsing a command's arguments, and its help. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Command, helpOf, parse, UsageError, wantsHelp } from '../../src/cli/command.ts'
import { COMMANDS } from '../../src/cli/main.ts'
import { fourlane } from '../support/cli.ts'
import { refuses } from '../support/refuses.ts'

const test = suite('command')

const command: Command = {
  name: 'train',
  usage: 'DATA [MODEL]',
  arity: [1, 2],
  summary: 'Trains.',
  options: [
    { name: 'target', value: 'COLUMN', text: 'what to predict' },
    { name: 'json', text: 'one object' },
  ],
  notes: ['A note.'],
  run: async () => {},
}
const call = (...args: string[]) => parse(command, args)

test('positionals, values, flags, the last of several, and everything after --', () => {
  assert.equal(call('a.csv'), { positionals: ['a.csv'], options: {} })
  assert.equal(call('--target', 'age', 'a.csv', '--json'), {
    positionals: ['a.csv'],
    options: { target: 'age', json: true },
  })
  assert.equal(call('--target=a=b', 'a.csv').options, { target: 'a=b' })
  assert.equal(call('--target=', 'a.csv').options, { target: '' })
  assert.equal(call('--target=--x', 'a.csv').options, { target: '--x' })
  assert.equal(call('--target', 'a', '--target', 'b', 'a.csv').options, { target: 'b' })
  assert.equal(call('--', '--json').positionals, ['--json'])
  // a single dash is a file name by convention
  assert.equal(call('-').positionals, ['-'])
})

test('wrong use is refused by name, with the nearest that is right', () => {
  refuses(() => call('a.csv', '--taget', 'x'), UsageError, 'train: unknown option --taget; did you mean "target"?')
  refuses(() => call('a.csv', '-x'), UsageError, 'train: unknown option -x')
  refuses(() => call('a.csv', '--target'), UsageError, 'train: --target needs a value: --target COLUMN')
  refuses(() => call('a.csv', '--target', '--json'), UsageError, 'train: --target needs a value')
  refuses(() => call('a.csv', '--json=yes'), UsageError, 'train: --json takes no value, got "yes"')
  refuses(() => call(), UsageError, 'train: too few arguments; usage: fourlane train DATA [MODEL]')
  refuses(() => call('a', 'b', 'c'), UsageError, 'train: unexpected argument "c"')
  refuses(() => call('a', '--__proto__', 'c'), UsageError, 'unknown option --__proto__')
})

test('help is asked for anywhere but after --', () => {
  assert.ok(wantsHelp(['a', '--help']))
  assert.ok(wantsHelp(['-h']))
  assert.not.ok(wantsHelp(['--', '--help']))
  const help = helpOf(command)
  for (const part of [
    'fourlane train DATA [MODEL] [options]',
    'Trains.',
    '--target COLUMN   what to predict',
    'A note.',
  ])
    assert.ok(help.includes(part), part)
})

test('fourlane alone prints help, and every command has its own', async () => {
  const { code, out } = await fourlane()
  assert.is(code, 0)
  for (const { name, summary } of COMMANDS) {
    assert.ok(out.includes(`  ${name} `) && out.includes(summary), name)
    const own = await fourlane(name, '--help')
    assert.is(own.code, 0)
    assert.ok(own.out.startsWith(`fourlane ${name} `))
    assert.is((await fourlane('help', name)).out, own.out)
  }
  assert.is((await fourlane('--version')).out, '1.2.3\n')
})

test('exit codes: 2 for wrong use, 1 for failure; one line on standard error, nothing on standard output', async () => {
  for (const [args, code, says] of [
    [['inspekt', 'x'], 2, 'unknown command "inspekt"; did you mean "inspect"?'],
    [['inspect'], 2, 'too few arguments'],
    [['inspect', '/no/such\nfile'], 1, 'no such file'],
    [['convert', 'a.onnx', 'b.txt'], 2, 'does not say its format'],
    [['export', 'a.onnx'], 2, 'say one of --onnx, --tfjs and --torch'],
    [['export', 'a.onnx', '--onnx', '--torch'], 2, 'say one of'],
    [['export', 'a.onnx', '--onnx'], 2, 'is the model itself'],
    [['export', 'a.safetensors', '--torch', '--opset', '17'], 2, '--opset is for ONNX'],
    [['export', 'a.safetensors', '--torch', '--table'], 2, '--table is for ONNX'],
    [['convert', 'a.safetensors', 'b.onnx', '--opset', 'new'], 2, '--opset must be a whole number'],
  ] as const) {
    const result = await fourlane(...args)
    assert.is(result.code, code, args.join(' '))
    assert.is(result.out, '')
    assert.ok(result.note.startsWith('fourlane: ') && result.note.includes(says), result.note)
    assert.is(result.note.split('\n').length, 2, result.note)
  }
})

test.run()
