/** Guided tours: each sets the controls, and says in two sentences what to look at. */
import { DEFAULTS, type Settings } from './settings.ts'

export interface Tour {
  readonly title: string
  readonly text: string
  readonly settings: Settings
}

export const TOURS: readonly Tour[] = [
  {
    title: 'Why does a sigmoid stack not learn?',
    text: 'Look at the spread of gradients: every sigmoid multiplies it by at most a quarter, so six layers leave the first one next to nothing. Now choose “relu” as activation and “heNormal” as initializer, and see the bars become equal and the loss fall.',
    settings: {
      ...DEFAULTS,
      data: 'circles',
      layers: [12, 12, 12, 12, 12, 12],
      activation: 'sigmoid',
      optimizer: 'sgd',
      rate: 0.1,
      view: 'layers',
    },
  },
  {
    title: 'Race of optimizers',
    text: 'Four optimizers start from the same parameters and see the same batches; watch who bends the boundary around the arms first, and whose curve jitters. The solver L-BFGS looks at all points in every update: it needs far fewer of them, and each costs more.',
    settings: { ...DEFAULTS, noise: 0, layers: [24, 24], view: 'race', racers: ['sgd', 'momentum', 'adam', 'lbfgs'] },
  },
  {
    title: 'What does weight decay do?',
    text: 'This network is far too large for so few, noisy points: its training loss falls while its test loss climbs, and the boundary wraps around single points. Move “Strength” up to 0.01 and see the lines between the units fade, the boundary calm down, and the test loss follow the other.',
    settings: {
      ...DEFAULTS,
      data: 'moons',
      noise: 40,
      points: 100,
      test: 50,
      layers: [32, 32, 32],
      penalty: 'l2',
      strength: 0.000001,
      speed: '60',
    },
  },
  {
    title: 'The shape of the loss',
    text: 'The surface is the loss over the plane in which training has moved most, and the line is its way from the start to the red point. Turn it by dragging, then choose random directions: seen that way, the minimum is a plain bowl, for training finds its way through the few directions that matter.',
    settings: { ...DEFAULTS, data: 'circles', layers: [8, 8], rate: 0.003, view: 'surface' },
  },
  {
    title: 'Your own CSV',
    text: 'Choose a file whose first line names the columns, and the column to predict: words, dates and holes become numbers by themselves, and nothing leaves this browser. The picture shows two columns while all others stay as usual; change them in the panel, and take the trained model with you by “Export”.',
    settings: { ...DEFAULTS, data: 'csv', layers: [32, 32], activation: 'relu', initializer: 'heNormal', rate: 0.003 },
  },
]
